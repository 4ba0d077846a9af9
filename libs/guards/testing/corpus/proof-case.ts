import type { RejectionReason } from '../../src/index.js';
import type { CorpusCase, CorpusRequest } from './corpus-case.js';
import type { Forge } from './forge.js';

type Members = Readonly<Record<string, unknown>>;

export interface ProofCase {
  readonly id: string;
  readonly title: string;
  /** Section of RFC 9449, unless it is of another one. */
  readonly rule: string;
  readonly reason?: RejectionReason;
  readonly proof: (forge: Forge, token: string) => string | readonly string[];
}

/** A bound token with one proof, or several. */
export function shown(token: string, proofs: readonly string[], scheme = 'DPoP'): CorpusRequest {
  const headers = proofs.map((proof): [string, string] => ['DPoP', proof]);
  return { headers: [['Authorization', `${scheme} ${token}`], ...headers] };
}

export const proofCases = (
  expected: CorpusCase['expected'],
  cases: readonly ProofCase[],
): CorpusCase[] =>
  cases.map(({ id, rule, proof, ...rest }) => ({
    id: `dpop-${id}`,
    rule: rule.startsWith('§') ? `RFC 9449 ${rule}` : rule,
    expected,
    ...rest,
    request: (forge) => {
      const token = forge.boundToken();
      return shown(token, [proof(forge, token)].flat());
    },
  }));

export const withClaims = (claims: Members) => (forge: Forge, token: string) =>
  forge.proof(token, claims);
export const withHeader = (header: Members) => (forge: Forge, token: string) =>
  forge.proof(token, {}, { header });
