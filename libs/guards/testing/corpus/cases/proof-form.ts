import type { RejectionReason } from '../../../src/index.js';
import { invalidProof } from '../support/answer.js';
import type { CorpusCase, CorpusRequest } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';

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
export function requestWithProofs(
  token: string,
  proofs: readonly string[],
  scheme = 'DPoP',
): CorpusRequest {
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
      return requestWithProofs(token, [proof(forge, token)].flat());
    },
  }));

export const withClaims = (claims: Members) => (forge: Forge, token: string) =>
  forge.proof(token, claims);
export const withHeader = (header: Members) => (forge: Forge, token: string) =>
  forge.proof(token, {}, { header });

/** What is no proof at all. */
export const proofForm = proofCases(
  invalidProof,
  [
    { id: 'word', title: 'The proof is a word', rule: '§4.3 (2)', proof: () => 'proof' },
    {
      id: 'two',
      title: 'Two proofs, each of them good',
      rule: '§4.3 (1)',
      proof: (forge: Forge, token: string) => [forge.proof(token), forge.proof(token)],
    },
    {
      id: 'type',
      title: 'typ is that of an access token',
      rule: '§4.3 (4)',
      proof: withHeader({ typ: 'at+jwt' }),
    },
    {
      id: 'alg-none',
      title: 'The proof says that it is not signed',
      rule: '§4.3 (5)',
      proof: (forge: Forge, token: string) =>
        forge.proof(token, {}, { header: { alg: 'none' } }).replace(/[^.]+$/, ''),
    },
    {
      id: 'alg-hmac',
      title: 'alg is symmetric',
      rule: '§4.3 (5)',
      proof: withHeader({ alg: 'HS256', jwk: { kty: 'oct', k: 'c2VjcmV0' } }),
    },
    {
      id: 'private-key',
      title: 'The key is there with its private part',
      rule: '§4.3 (7)',
      proof: (forge: Forge, token: string) => {
        const jwk = forge.client.key.privateKey.export({ format: 'jwk' });
        return forge.proof(token, {}, { header: { jwk } });
      },
    },
    { id: 'no-key', title: 'There is no key', rule: '§4.2', proof: withHeader({ jwk: undefined }) },
    {
      id: 'no-name',
      title: 'There is no jti',
      rule: '§4.3 (3)',
      proof: withClaims({ jti: undefined }),
    },
    {
      id: 'no-time',
      title: 'There is no iat',
      rule: '§4.3 (3)',
      proof: withClaims({ iat: undefined }),
    },
    {
      id: 'critical',
      title: 'An extension is critical that nobody knows',
      rule: 'RFC 7515 §4.1.11',
      proof: withHeader({ crit: ['x-y'], 'x-y': 1 }),
    },
  ].map((one) => ({ ...one, reason: 'malformed_proof' as const })),
);
