import type { KeyObject } from 'node:crypto';
import { invalidToken } from '../support/answer.js';
import { forRsa, type TokenCase, tokenCases } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';

const CONFUSION = 'RFC 8725 §2.1, CVE-2016-5431';

const pem = (key: KeyObject, type: 'spki' | 'pkcs1' = 'spki') =>
  key.export({ format: 'pem', type }).toString();

/** Public values that a flawed verifier might use as an HMAC secret. */
const secrets: readonly [id: string, title: string, secret: (forge: Forge) => string | Buffer][] = [
  ['pem', 'the public key as PEM', ({ issuer }) => pem(issuer.signingKey.publicKey)],
  [
    'pem-trimmed',
    'the PEM without its last line break',
    ({ issuer }) => pem(issuer.signingKey.publicKey).trim(),
  ],
  [
    'pem-crlf',
    'the PEM with CRLF',
    ({ issuer }) => pem(issuer.signingKey.publicKey).replaceAll('\n', '\r\n'),
  ],
  [
    'pem-one-line',
    'the PEM on one line',
    ({ issuer }) => pem(issuer.signingKey.publicKey).replaceAll('\n', ''),
  ],
  [
    'pem-indented',
    'the PEM after a space (CVE-2026-34950)',
    ({ issuer }) => ` ${pem(issuer.signingKey.publicKey)}`,
  ],
  [
    'der',
    'the public key as DER',
    ({ issuer }) => issuer.signingKey.publicKey.export({ format: 'der', type: 'spki' }),
  ],
  ['jwk', 'the JWK as JSON', ({ issuer }) => JSON.stringify(issuer.signingKey.publicJwk)],
  ['key-set', 'the whole key set as JSON', ({ issuer }) => JSON.stringify(issuer.keySet)],
  ['coordinate', 'the number n or x of the JWK', ({ issuer }) => getNumber(issuer.signingKey)],
  ['issuer', 'the name of the issuer', ({ issuer }) => issuer.issuer],
  ['kid', 'the key identifier', ({ issuer }) => issuer.signingKey.kid],
  ['client-id', 'the client identifier', () => 'corpus-client'],
  ['sample', 'the word "secret"', () => 'secret'],
  ['empty', 'an empty string (CVE-2026-44351)', () => ''],
];

function getNumber({ publicJwk }: Forge['issuer']['signingKey']): Buffer {
  return Buffer.from(publicJwk.n ?? publicJwk.x ?? '', 'base64url');
}

const hmacs: TokenCase[] = [
  ...secrets.map(([id, name, secret]): TokenCase => ({
    id: `hmac-${id}`,
    title: `HS256 with ${name} as the secret`,
    rule: CONFUSION,
    reason: 'refused_algorithm',
    token: (forge) => forge.hmac(secret(forge)),
  })),
  ...['HS384', 'HS512'].map((alg): TokenCase => ({
    id: `hmac-${alg.toLowerCase()}`,
    title: `${alg} with the public key as the secret`,
    rule: CONFUSION,
    reason: 'refused_algorithm',
    token: (forge) => forge.hmac(pem(forge.issuer.signingKey.publicKey), { alg }),
  })),
  {
    id: 'hmac-pkcs1',
    title: 'HS256 with the public key in the older PEM form',
    rule: 'CVE-2023-48223',
    reason: 'refused_algorithm',
    appliesTo: forRsa,
    token: (forge) => forge.hmac(pem(forge.issuer.signingKey.publicKey, 'pkcs1')),
  },
  {
    id: 'hmac-label',
    title: 'alg is HS256, and the valid key signed',
    rule: 'RFC 8725 §3.1',
    reason: 'refused_algorithm',
    token: (forge) => forge.accessToken({}, { header: { alg: 'HS256' } }),
  },
  {
    id: 'hmac-unknown-key-empty-secret',
    title: 'HS256 with an unknown kid and an empty secret',
    rule: 'CVE-2026-45363',
    reason: 'refused_algorithm',
    token: (forge) => forge.hmac('', { kid: 'unknown' }),
  },
  {
    id: 'hmac-without-kid',
    title: 'HS256 without a kid, with the public key as the secret',
    rule: CONFUSION,
    reason: 'refused_algorithm',
    token: (forge) => forge.hmac(pem(forge.issuer.signingKey.publicKey), { kid: undefined }),
  },
  {
    id: 'hmac-published-secret',
    title: 'HS256 with a symmetric key that the issuer published by mistake',
    rule: 'RFC 7518 §6.4, RFC 8725 §3.1',
    reason: 'refused_algorithm',
    token: (forge) => {
      const { secret, kids } = forge.issuer.keys;
      return forge.hmac(secret, { kid: kids.symmetric });
    },
  },
];

export const secret = tokenCases(invalidToken, hmacs);
