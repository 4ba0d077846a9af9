import { encodePart, generateSigningKey } from '../../testing/index.js';
import { type Forgery, good, edited } from './forging.js';

const foreign = generateSigningKey('ES256');

export const keys: Forgery[] = [
  [
    'signed with a foreign key under our kid',
    'bad_signature',
    (issuer) => issuer.accessToken(good, { signedBy: foreign }),
  ],
  [
    'a foreign key and its kid',
    'unknown_key',
    (issuer) => issuer.accessToken(good, { signedBy: foreign, header: { kid: foreign.kid } }),
  ],
  [
    'a foreign key in the header (CVE-2018-0114)',
    'bad_signature',
    (issuer) => issuer.accessToken(good, { signedBy: foreign, header: { jwk: foreign.publicJwk } }),
  ],
  [
    'a certificate in the header',
    'bad_signature',
    (issuer) => issuer.accessToken(good, { signedBy: foreign, header: { x5c: ['MIIB'] } }),
  ],
];

export const signatures: Forgery[] = [
  ['no third segment', 'malformed_token', edited(([h, p]) => [h, p])],
  ['an empty signature', 'malformed_token', edited(([h, p]) => [h, p, ''])],
  ['a truncated signature', 'bad_signature', edited(([h, p, s]) => [h, p, s.slice(0, 40)])],
  [
    'zeros for r and s (CVE-2022-21449)',
    'bad_signature',
    edited(([h, p]) => [h, p, 'A'.repeat(86)]),
  ],
  ['header and payload swapped', 'wrong_type', edited(([h, p, s]) => [p, h, s])],
  [
    'other claims under the old signature',
    'bad_signature',
    edited(([h, p, s]) => {
      const claims = JSON.parse(Buffer.from(p, 'base64url').toString());
      return [h, encodePart({ ...claims, sub: 'mallory' }), s];
    }),
  ],
  [
    'a DER signature (RFC 7518 §3.4)',
    'bad_signature',
    (issuer) => issuer.accessToken(good).replace(/[^.]+$/, (s) => encodePart(`0E${s}`)),
  ],
];
