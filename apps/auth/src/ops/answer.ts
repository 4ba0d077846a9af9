/** What an operation has to say, for programs and for people. */
export interface Answer {
  /** The members of the JSON object that `--json` prints; an array where the operation is a list. */
  readonly value: object;
  readonly text: string;
  /** Made by this operation and shown this once, under the name that it has in the JSON object. */
  readonly secret?: { readonly name: string; readonly value: string };
}

const DRY = 'dry run: nothing was changed. Without --dry-run:';

/** @returns what goes to standard output, with its line end */
export function asJson(answer: Answer, isDryRun?: boolean): string {
  const { value, secret } = answer;
  if (isDryRun === undefined) return `${JSON.stringify(value)}\n`;
  // What was made in a dry run is good for nothing, and a script must not take it for real.
  const made = secret && !isDryRun ? { [secret.name]: secret.value } : {};
  return `${JSON.stringify({ dryRun: isDryRun, ...value, ...made })}\n`;
}

/** @returns what goes to standard output, with its line end */
export function asText({ text, secret }: Answer, isDryRun?: boolean): string {
  if (isDryRun) return `${DRY}\n${text}\n`;
  if (!secret) return `${text}\n`;
  return `${text}\n\n  ${secret.value}\n\nIt is shown this once, and stored as a hash only.\n`;
}
