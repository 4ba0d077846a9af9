import { isExpected, isSuccess, type ReceivedAnswer } from './support/answer.js';
import { corpusFor } from './corpus.js';
import type { CorpusCase } from './support/corpus-case.js';
import type { CorpusIssuer } from './support/corpus-issuer.js';
import { Forge } from './support/forge.js';
import { send } from './send.js';

export type Verdict =
  | 'as-expected'
  /** The service refused the request with another status or challenge. */
  | 'deviates'
  /** The service accepted the request, which no standard forbids. */
  | 'lenient'
  /** The service refused a valid token. */
  | 'refused-good'
  | Vulnerability;

/** A verdict that an attacker could exploit. */
export type Vulnerability =
  /** The service answered a hostile request with 2xx. */
  | 'accepted'
  /** The service answered with 5xx. */
  | 'server-error'
  /** The connection closed, or ten seconds passed, without an answer. */
  | 'no-answer'
  /** The service sent a request to the attacker's server. */
  | 'asked-attacker';

export interface CorpusResult {
  readonly case: CorpusCase;
  readonly received: ReceivedAnswer;
  readonly verdict: Verdict;
}

/** The resource that the corpus tests. */
export interface CorpusTarget {
  /** The URL of a GET route that answers 2xx to a valid token. */
  readonly url: string;
  readonly scope?: string | undefined;
  /** The URL that a proof must name (RFC 9449 §4.3), if the resource accepts DPoP-bound tokens. */
  readonly dpopUrl?: string | undefined;
}

/** Sends every case that applies to the resource, one after the other, and judges the answers. */
export async function* runCorpus(
  issuer: CorpusIssuer,
  { url, scope, dpopUrl }: CorpusTarget,
): AsyncGenerator<CorpusResult> {
  const target = new URL(url);
  const forge = new Forge(issuer, { path: target.pathname + target.search, scope, dpopUrl });
  const dpop = dpopUrl !== undefined;
  for (const one of corpusFor({ algorithm: issuer.algorithm, scope, dpop })) {
    const before = issuer.attacker.server.requests;
    const received = await send(target, one.request(forge));
    const verdict =
      issuer.attacker.server.requests > before ? 'asked-attacker' : judge(one, received);
    yield { case: one, received, verdict };
  }
}

export function judge(
  { expected, stricter }: Pick<CorpusCase, 'expected' | 'stricter'>,
  received: Pick<ReceivedAnswer, 'status' | 'challenge'>,
): Verdict {
  if (received.status >= 500) return 'server-error';
  if (isExpected(received, expected)) return 'as-expected';
  if (received.status === 0) return 'no-answer';
  if (expected.some(({ status }) => isSuccess(status))) return 'refused-good';
  if (!isSuccess(received.status)) return 'deviates';
  return stricter ? 'lenient' : 'accepted';
}

export function isVulnerability(verdict: Verdict): verdict is Vulnerability {
  return ['accepted', 'server-error', 'no-answer', 'asked-attacker'].includes(verdict);
}
