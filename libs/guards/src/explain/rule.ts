import { TokenError, type TokenErrorCode } from '../core/token-error.js';

/** One thing that has to be so for a token to be accepted. */
export interface Rule<Subject> {
  readonly says: string;
  /** Where it comes from: an RFC and its section, or the option that sets it. */
  readonly source: string;
  /** What the token holds. */
  readonly seen?: (subject: Subject) => unknown;
  /** What the configuration asks for. */
  readonly wanted?: (subject: Subject) => unknown;
  /** Whether there is anything to judge; always, unless this says no. */
  readonly applies?: (subject: Subject) => boolean;
  /** Throws TokenError when the rule is broken: a function of the library, never one made for explaining. */
  readonly test: (subject: Subject) => unknown;
}

/** What became of a rule. */
export interface Finding {
  readonly says: string;
  readonly source: string;
  /** `unknown` where there was nothing to judge, because of an earlier rule or because nobody was asked. */
  readonly verdict: 'kept' | 'broken' | 'unknown';
  readonly seen?: unknown;
  readonly wanted?: unknown;
  readonly reason?: TokenErrorCode;
  /** The error underneath, in words. */
  readonly detail?: string;
}

/** Judges every rule, also those after a broken one. */
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
