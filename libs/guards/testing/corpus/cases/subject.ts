import { invalidToken } from '../support/answer.js';
import { tokenCases } from '../support/corpus-case.js';
import { withClaims } from '../support/forge.js';

/** RFC 9068 §2.2 requires an issuer to write these claims. §4 does not require a resource server to check them. */
const claims: readonly [id: string, title: string, claims: Readonly<Record<string, unknown>>][] = [
  ['sub-missing', 'sub is missing', { sub: undefined }],
  ['sub-empty', 'sub is empty', { sub: '' }],
  ['sub-null', 'sub is null', { sub: null }],
  ['sub-number', 'sub is a number', { sub: 1 }],
  ['sub-array', 'sub is an array', { sub: ['alice'] }],
  ['sub-operator', 'sub is a query operator (CVE-2025-60542)', { sub: { $ne: '' } }],
  ['client-id-missing', 'client_id is missing', { client_id: undefined }],
  ['client-id-object', 'client_id is an object', { client_id: { $gt: '' } }],
  ['jti-missing', 'jti is missing', { jti: undefined }],
  ['jti-number', 'jti is a number', { jti: 1 }],
];

export const subject = tokenCases(
  invalidToken,
  claims.map(([id, title, changed]) => ({
    id,
    title,
    rule: 'RFC 9068 §2.2',
    reason: 'malformed_claims',
    stricter: true,
    token: withClaims(changed),
  })),
);
