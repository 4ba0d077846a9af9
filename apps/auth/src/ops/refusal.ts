/** Why something is not done: a sentence for the operator. The exit code is 1. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** The command makes no sense as it was typed. The exit code is 2. */
export class Misuse extends Error {
  override readonly name = 'Misuse';
}
