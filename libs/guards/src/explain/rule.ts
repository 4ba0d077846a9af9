import { TokenError, type TokenErrorCode } from '../core/token-error.js';

/** A condition for accepting a token. */
export interface Rule<Subject> {
  readonly says: string;
  /** Its source: an RFC and its section, or the option that sets it. */
  readonly source: string;
  /** The value in the token. */
  readonly seen?: (subject: Subject) => unknown;
  /** The value that the configuration requires. */
  readonly wanted?: (subject: Subject) => unknown;
  /** False if the rule does not apply to this token. Default: it applies. */
  readonly applies?: (subject: Subject) => boolean;
  /** Throws TokenError when the rule is broken. Always a check of the library, never a copy of it. */
  readonly test: (subject: Subject) => unknown;
}

/** The result of a rule. */
export interface Finding {
  readonly says: string;
  readonly source: string;
  /** `unknown` if the rule was not checked: an earlier rule failed, it does not apply, or keys were not fetched. */
  readonly verdict: 'kept' | 'broken' | 'unknown';
  readonly seen?: unknown;
  readonly wanted?: unknown;
  readonly reason?: TokenErrorCode;
  /** The message of the underlying error. */
  readonly detail?: string;
}

/** Checks every rule, also those after a broken one. */
export async function judge<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const rule of rules) findings.push(await judgeRule(rule, subject));
  return findings;
}

async function judgeRule<Subject>(
  { says, source, seen, wanted, applies, test }: Rule<Subject>,
  subject: Subject | undefined,
): Promise<Finding> {
  if (subject === undefined || applies?.(subject) === false) {
    return { says, source, verdict: 'unknown' };
  }
  const found = { says, source, seen: seen?.(subject), wanted: wanted?.(subject) };
  try {
    await test(subject);
    return { ...found, verdict: 'kept' };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { ...found, verdict: 'broken', reason: error.code, ...describeCause(error) };
  }
}

function describeCause({ cause }: TokenError): Pick<Finding, 'detail'> {
  return cause instanceof Error ? { detail: cause.message } : {};
}
