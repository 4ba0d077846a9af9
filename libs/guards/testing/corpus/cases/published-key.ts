import { createHash } from 'node:crypto';
import type { RejectionReason } from '../../../src/index.js';
import type { SigningKey } from '../../signing-key.js';
import { invalidToken } from '../support/answer.js';
import { forEc, forRs256, type TokenCase, tokenCases } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';
import type { KeyRole, PublishedKeys } from '../support/published-keys.js';

const signedBy =
  (role: KeyRole, choose: (keys: PublishedKeys) => SigningKey = ({ spare }) => spare) =>
  (forge: Forge) =>
    forge.accessToken(
      {},
      { header: { kid: forge.issuer.keys.kids[role] }, signedBy: choose(forge.issuer.keys) },
    );

const unused: RejectionReason = 'unknown_key';

/** The issuer publishes keys that must not verify access tokens. Each of them signed its token. */
export const publishedKey = tokenCases(invalidToken, [
  {
    id: 'published-for-encryption',
    title: 'The key is published for encryption',
    rule: 'RFC 7517 §4.2',
    reason: unused,
    stricter: true,
    token: signedBy('for-encryption'),
  },
  {
    id: 'published-without-verify',
    title: 'The operations of the key do not include verify',
    rule: 'RFC 7517 §4.3',
    reason: unused,
    stricter: true,
    token: signedBy('without-verify'),
  },
  {
    id: 'published-for-another-algorithm',
    title: 'The key is published for another algorithm',
    rule: 'RFC 7517 §4.4, RFC 8725 §3.1',
    reason: unused,
    token: signedBy('for-another-algorithm'),
  },
  {
    id: 'published-under-a-shared-kid',
    title: 'Two keys share a kid, and the first one signed',
    rule: 'RFC 7517 §4.5',
    reason: unused,
    stricter: true,
    token: signedBy('shared'),
  },
  {
    id: 'published-under-a-shared-kid-second',
    title: 'Two keys share a kid, and the second one signed',
    rule: 'RFC 7517 §4.5',
    reason: unused,
    stricter: true,
    token: signedBy('shared', ({ double }) => double),
  },
  {
    id: 'published-with-private-part',
    title: 'The private key is published',
    rule: 'RFC 7517 §9.2',
    reason: unused,
    stricter: true,
    token: signedBy('exposed'),
  },
  {
    id: 'published-symmetric',
    title: 'kid names a symmetric key',
    rule: 'RFC 8725 §3.1',
    reason: unused,
    token: signedBy('symmetric'),
  },
  {
    id: 'published-of-another-kind',
    title: 'kid names a key of another algorithm',
    rule: 'RFC 8725 §3.1',
    reason: unused,
    token: signedBy('of-another-kind'),
  },
  {
    id: 'published-rsa-1024',
    title: 'The RSA key has 1,024 bits',
    rule: 'RFC 7518 §3.3',
    reason: unused,
    appliesTo: forRs256,
    token: signedBy('rsa-1024', ({ short }) => short),
  },
  {
    id: 'published-rsa-exponent-one',
    title: 'The public exponent of the RSA key is 1, and the signature needs no private key',
    rule: 'RFC 8017 §3.1',
    reason: unused,
    stricter: true,
    appliesTo: forRs256,
    token: unsignedUnderExponentOne,
  },
  {
    id: 'published-off-curve',
    title: 'The EC key is not a point on its curve',
    rule: 'RFC 8725 §3.4',
    reason: unused,
    appliesTo: forEc,
    token: signedBy('off-curve', ({ good }) => good),
  },
] satisfies TokenCase[]);

/** The DigestInfo of SHA-256, up to the digest (RFC 8017 §9.2). */
const DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** With exponent 1 the padded digest is its own signature, so an attacker needs no private key. */
function unsignedUnderExponentOne(forge: Forge): string {
  const input = forge.signingInput({ kid: forge.issuer.keys.kids['rsa-exponent-one'] });
  const info = Buffer.concat([DIGEST_INFO, createHash('sha256').update(input).digest()]);
  const padding = Buffer.alloc(256 - 3 - info.length, 0xff);
  const padded = Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), info]);
  return `${input}.${padded.toString('base64url')}`;
}
