import type { RejectionReason } from '../../../src/index.js';
import type { Algorithm } from '../../../src/core/algorithms.js';
import type { ExpectedAnswer } from './answer.js';
import type { Forge } from './forge.js';

/** What a case sends to the resource. */
export interface CorpusRequest {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Default `GET`. */
  readonly method?: string;
  /** In place of the resource's own path and query, sent as it is. */
  readonly path?: string;
  readonly body?: string;
  /** Written to the socket as it is, because no HTTP client would send it. */
  readonly raw?: true;
}

/** One rule broken, or, for a control, none. */
export interface CorpusCase {
  /** In kebab-case. Never changes, so that runs can be compared. */
  readonly id: string;
  readonly title: string;
  /** The section of the standard, or the CVE. */
  readonly rule: string;
  /** Any one of these is right. */
  readonly expected: readonly ExpectedAnswer[];
  /** What the observer of these guards is told; undefined when the request is answered before or without them. */
  readonly reason?: RejectionReason;
  /** No standard demands of a resource server that it refuses this. These guards do. */
  readonly stricter?: true;
  /** Default: every resource. */
  readonly appliesTo?: (resource: Resource) => boolean;
  readonly request: (forge: Forge) => CorpusRequest;
}

/** What must be known of a resource to choose its cases. */
export interface Resource {
  /** The only algorithm that it accepts. */
  readonly algorithm: Algorithm;
  /** The one scope that it asks for; without one, no case is about scopes. */
  readonly scope?: string | undefined;
  /** Whether it takes bound tokens; without, no case is about proofs. */
  readonly dpop?: boolean | undefined;
}

type Common = Omit<CorpusCase, 'request' | 'expected'>;

/** A case that sends one token as it should be sent. */
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

export const forRsa = ({ algorithm }: Resource) => !forEc({ algorithm });
export const forEc = ({ algorithm }: Resource) => algorithm.startsWith('ES');
export const forRs256 = ({ algorithm }: Resource) => algorithm === 'RS256';

/** The same text in another case. */
export function swapCase(text: string): string {
  return text.toUpperCase() === text ? text.toLowerCase() : text.toUpperCase();
}
