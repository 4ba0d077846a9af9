import { DpopClient } from '../../dpop-client.js';
import { accepted, invalidBoundToken, invalidProof, invalidToken } from '../support/answer.js';
import type { CorpusCase } from '../support/corpus-case.js';
import { type Forge, now } from '../support/forge.js';
import { proofCases, proofForm, requestWithProofs, withClaims } from './proof-form.js';

const good = proofCases(accepted, [
  { id: 'good', title: 'A bound token with its proof', rule: '§7.1', proof: withClaims({}) },
  {
    id: 'good-uri-spelling',
    title: 'htu has another spelling and a query',
    rule: '§4.3, RFC 3986 §6.2.2',
    proof: (forge, token) => {
      const { dpopUrl = '' } = forge.target;
      const htu = dpopUrl.replace(/^\w+:\/\/[^/]+/, (origin) => `${origin.toUpperCase()}/x/..`);
      return forge.proof(token, { htu: `${htu}?a=b#c` });
    },
  },
  {
    id: 'good-first-use',
    title: 'The first use of a proof',
    rule: '§11.1',
    proof: (forge, token) => forge.proof(token, { jti: repeatedProofId(forge) }),
  },
]);

const replayed = proofCases(invalidProof, [
  {
    id: 'replay',
    title: 'The jti of a proof that was used before',
    rule: '§11.1',
    reason: 'replayed_proof',
    proof: (forge, token) => forge.proof(token, { jti: repeatedProofId(forge) }),
  },
]);

/** A new jti for each run, because the service may remember the one of the previous run. */
const repeatedProofId = ({ client }: Forge): string => `twice-${client.key.kid}`;

const unfit = proofCases(invalidProof, [
  { id: 'none', title: 'The proof is missing', rule: '§7.1', reason: 'no_proof', proof: () => [] },
  {
    id: 'signature',
    title: 'Another key than the one in the header signed the proof',
    rule: '§4.3 (6)',
    reason: 'bad_proof_signature',
    proof: (forge, token) => forge.proof(token, {}, { signedBy: forge.issuer.attacker.key }),
  },
  {
    id: 'method',
    title: 'The proof is for POST',
    rule: '§4.3 (8)',
    reason: 'proof_for_another_request',
    proof: withClaims({ htm: 'POST' }),
  },
  {
    id: 'path',
    title: 'The proof is for another path',
    rule: '§4.3 (9)',
    reason: 'proof_for_another_request',
    proof: (forge, token) => forge.proof(token, { htu: `${forge.target.dpopUrl}/x` }),
  },
  {
    id: 'host',
    title: 'The proof is for another host',
    rule: '§4.3 (9)',
    reason: 'proof_for_another_request',
    proof: (forge, token) => {
      const path = new URL(forge.target.dpopUrl ?? '').pathname;
      return forge.proof(token, { htu: `https://attacker.example${path}` });
    },
  },
  {
    id: 'old',
    title: 'The proof is an hour old',
    rule: '§4.3 (11)',
    reason: 'proof_out_of_time',
    proof: (forge, token) => forge.proof(token, { iat: now() - 3600 }),
  },
  {
    id: 'future',
    title: 'The proof is dated an hour in the future',
    rule: '§4.3 (11)',
    reason: 'proof_out_of_time',
    proof: (forge, token) => forge.proof(token, { iat: now() + 3600 }),
  },
  {
    id: 'no-hash',
    title: 'ath is missing',
    rule: '§4.3 (12)',
    reason: 'proof_for_another_token',
    proof: withClaims({ ath: undefined }),
  },
  {
    id: 'other-token',
    title: 'The proof is for another token of the same client',
    rule: '§4.3 (12)',
    reason: 'proof_for_another_token',
    proof: (forge) => forge.proof(forge.boundToken()),
  },
]);

const stolen: CorpusCase[] = [
  ...proofCases(invalidBoundToken, [
    {
      id: 'other-key',
      title: 'The proof of a stolen token is signed by the key of the thief',
      rule: '§4.3 (12)',
      reason: 'proof_by_another_key',
      proof: (forge, accessToken) => {
        const { dpopUrl: url = '' } = forge.target;
        return new DpopClient().proof({ method: 'GET', url, accessToken });
      },
    },
  ]),
  {
    id: 'dpop-bearer',
    title: 'A bound token is sent as a bearer token',
    rule: 'RFC 9449 §7.2',
    expected: invalidToken,
    reason: 'bound_token',
    request: (forge) => requestWithProofs(forge.boundToken(), [], 'Bearer'),
  },
  {
    id: 'dpop-bearer-with-proof',
    title: 'A bound token is sent as a bearer token, with its proof',
    rule: 'RFC 9449 §7.2',
    expected: invalidToken,
    reason: 'bound_token',
    request: (forge) => {
      const token = forge.boundToken();
      return requestWithProofs(token, [forge.proof(token)], 'Bearer');
    },
  },
  {
    id: 'dpop-unbound',
    title: 'An unbound token is sent with a proof',
    rule: 'RFC 9449 §7.1',
    expected: invalidBoundToken,
    reason: 'unbound_token',
    request: (forge) => {
      const token = forge.accessToken();
      return requestWithProofs(token, [forge.proof(token)]);
    },
  },
];

export const dpop = [...good, ...replayed, ...proofForm, ...unfit, ...stolen].map(
  (one): CorpusCase => ({ ...one, appliesTo: (resource) => resource.dpop ?? false }),
);
