import type { RejectionReason } from '../../../src/index.js';
import type { Algorithm } from '../../../src/core/algorithms.js';
import type { ExpectedAnswer } from './answer.js';
import type { Forge } from './forge.js';

/** The request that a case sends to the resource. */
export interface CorpusRequest {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Default `GET`. */
  readonly method?: string;
  /** Replaces the path and query of the resource. Sent unchanged. */
  readonly path?: string;
  readonly body?: string;
  /** Written to the socket unchanged, because no HTTP client would send it. */
  readonly raw?: true;
}

/** A request that breaks one rule. A control case breaks none. */
export interface CorpusCase {
  /** In kebab-case. An id never changes, so that runs can be compared. */
  readonly id: string;
  readonly title: string;
  /** The section of the standard, or the CVE. */
  readonly rule: string;
  /** The allowed answers. */
  readonly expected: readonly ExpectedAnswer[];
  /** The reason that these guards report. Undefined if a request is answered before the guard runs. */
  readonly reason?: RejectionReason;
  /** No standard requires a resource server to refuse this. These guards refuse it. */
  readonly stricter?: true;
  /** Default: every resource. */
  readonly appliesTo?: (resource: Resource) => boolean;
  readonly request: (forge: Forge) => CorpusRequest;
}

/** The properties of a resource that select its cases. */
export interface Resource {
  /** The only algorithm that the resource accepts. */
  readonly algorithm: Algorithm;
  /** The scope that the resource requires. Without it, the corpus has no cases about scopes. */
  readonly scope?: string | undefined;
  /** Whether the resource accepts DPoP-bound tokens. Without it, the corpus has no cases about proofs. */
  readonly dpop?: boolean | undefined;
}

type Common = Omit<CorpusCase, 'request' | 'expected'>;

/** A case that sends one token as a bearer token. */
export interface TokenCase extends Common {
  readonly expected?: readonly ExpectedAnswer[];
  readonly token: (forge: Forge) => string;
}

export function tokenCases(
  expected: readonly ExpectedAnswer[],
  cases: readonly TokenCase[],
): CorpusCase[] {
  return cases.map(({ token, ...rest }) => ({
    expected,
    ...rest,
    request: (forge) => bearer(token(forge)),
  }));
}

export function bearer(token: string): CorpusRequest {
  return { headers: [['Authorization', `Bearer ${token}`]] };
}

export const forRsa = ({ algorithm }: Resource) => /^[RP]S/.test(algorithm);
/** `EdDSA` or `Ed25519`, two names of one algorithm (RFC 8037, RFC 9864). */
export const forEdwards = ({ algorithm }: Resource) => algorithm.startsWith('Ed');
export const forEc = ({ algorithm }: Resource) => algorithm.startsWith('ES');
export const forRs256 = ({ algorithm }: Resource) => algorithm === 'RS256';

/** The same text in another case. */
export function swapCase(text: string): string {
  return text.toUpperCase() === text ? text.toLowerCase() : text.toUpperCase();
}
