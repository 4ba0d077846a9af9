import type { RejectionReason } from '../../../src/index.js';
import { invalidProof } from '../support/answer.js';
import type { CorpusCase, CorpusRequest } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';

type Members = Readonly<Record<string, unknown>>;

interface ProofCase {
  readonly id: string;
  readonly title: string;
  /** A section of RFC 9449, or a section with the name of its document. */
  readonly rule: string;
  readonly reason?: RejectionReason;
  readonly proof: (forge: Forge, token: string) => string | readonly string[];
}

/** A request with a token and the given proofs. */
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

/** Malformed proofs. */
export const proofForm = proofCases(
  invalidProof,
  [
    { id: 'word', title: 'The proof is a word', rule: '§4.3 (2)', proof: () => 'proof' },
    {
      id: 'two',
      title: 'The request has two valid proofs',
      rule: '§4.3 (1)',
      proof: (forge: Forge, token: string) => [forge.proof(token), forge.proof(token)],
    },
    {
      id: 'type',
      title: 'typ is the type of an access token',
      rule: '§4.3 (4)',
      proof: withHeader({ typ: 'at+jwt' }),
    },
    {
      id: 'alg-none',
      title: 'alg is none and the signature is empty',
      rule: '§4.3 (5)',
      proof: (forge: Forge, token: string) =>
        forge.proof(token, {}, { header: { alg: 'none' } }).replace(/[^.]+$/, ''),
    },
    {
      id: 'alg-hmac',
      title: 'alg is a symmetric algorithm',
      rule: '§4.3 (5)',
      proof: withHeader({ alg: 'HS256', jwk: { kty: 'oct', k: 'c2VjcmV0' } }),
    },
    {
      id: 'private-key',
      title: 'jwk contains the private key',
      rule: '§4.3 (7)',
      proof: (forge: Forge, token: string) => {
        const jwk = forge.client.key.privateKey.export({ format: 'jwk' });
        return forge.proof(token, {}, { header: { jwk } });
      },
    },
    { id: 'no-key', title: 'jwk is missing', rule: '§4.2', proof: withHeader({ jwk: undefined }) },
    {
      id: 'no-name',
      title: 'jti is missing',
      rule: '§4.3 (3)',
      proof: withClaims({ jti: undefined }),
    },
    {
      id: 'no-time',
      title: 'iat is missing',
      rule: '§4.3 (3)',
      proof: withClaims({ iat: undefined }),
    },
    {
      id: 'critical',
      title: 'crit names an unknown extension',
      rule: 'RFC 7515 §4.1.11',
      proof: withHeader({ crit: ['x-y'], 'x-y': 1 }),
    },
  ].map((one) => ({ ...one, reason: 'malformed_proof' as const })),
);
