/** A step's promise that the stack did not keep. */
export class UnmetExpectation extends Error {}

export function expectThat(holds, sentence) {
  if (!holds) throw new UnmetExpectation(sentence);
}

export function expectStatus({ status, text }, expected) {
  expectThat(
    status === expected,
    `the status should be ${expected}, and was ${status}: ${start(text)}`,
  );
}

/** RFC 6749 §5.2: the word that clients act on. */
export function expectOAuthError(answer, error) {
  expectStatus(answer, 400);
  expectThat(answer.body?.error === error, `the error should be ${error}: ${start(answer.text)}`);
}

/** RFC 6750 §3: a refusal says why in its challenge. */
export function expectChallenge({ challenge }, ...parameters) {
  for (const parameter of parameters) {
    expectThat(
      challenge?.includes(parameter),
      `WWW-Authenticate should have ${parameter}, and is ${challenge}`,
    );
  }
}

/** An answer that should have been a refusal may hold tokens. */
function start(text) {
  return text.slice(0, 80);
}
