import { invalidToken } from '../support/answer.js';
import { type TokenCase, tokenCases } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';

type Header = (forge: Forge) => Readonly<Record<string, unknown>>;
type Row = readonly [id: string, title: string, rule: string, header: Header];

const EMBEDDED_KEY_RULE = 'RFC 8725 §3.10';

const jku = ({ issuer: { attacker } }: Forge) => attacker.server.jwksUri;
const getHost = ({ issuer: { attacker } }: Forge) => new URL(attacker.server.origin).host;

/** Headers that contain a key or the address of one. The attacker signed; the kid is the one of the valid key. */
const embeddedKeys: readonly Row[] = [
  [
    'key-foreign',
    'A foreign key signed under the kid of the valid key',
    'RFC 7515 §5.2',
    () => ({}),
  ],
  [
    'key-jwk',
    'The header contains the key',
    `${EMBEDDED_KEY_RULE}, CVE-2018-0114`,
    ({ issuer }) => ({ jwk: issuer.attacker.key.publicJwk }),
  ],
  [
    'key-jwk-under-our-kid',
    'The header contains the key, under the kid of the valid key',
    `${EMBEDDED_KEY_RULE}, CVE-2018-0114`,
    ({ issuer: { attacker, signingKey } }) => ({
      jwk: { ...attacker.key.publicJwk, kid: signingKey.kid },
    }),
  ],
  [
    'key-jwk-private',
    'The header contains the private key',
    `${EMBEDDED_KEY_RULE}, CVE-2018-0114`,
    ({ issuer }) => ({ jwk: issuer.attacker.key.privateKey.export({ format: 'jwk' }) }),
  ],
  [
    'key-jwks',
    'The header contains a key set',
    EMBEDDED_KEY_RULE,
    ({ issuer }) => ({ jwks: { keys: [issuer.attacker.key.publicJwk] } }),
  ],
  ['key-x5c', 'The header contains a certificate', EMBEDDED_KEY_RULE, () => ({ x5c: ['MIIB'] })],
  [
    'key-jku',
    'The header contains the address of a key set',
    EMBEDDED_KEY_RULE,
    (forge) => ({ jku: jku(forge) }),
  ],
  [
    'key-jku-userinfo',
    'The address of the key set begins with the issuer',
    EMBEDDED_KEY_RULE,
    (forge) => ({ jku: `${forge.issuer.issuer}@${getHost(forge)}/.well-known/jwks.json` }),
  ],
  [
    'key-jku-file',
    'The address of the key set is a file',
    EMBEDDED_KEY_RULE,
    () => ({ jku: 'file:///etc/passwd' }),
  ],
  [
    'key-x5u',
    'The header contains the address of a certificate',
    EMBEDDED_KEY_RULE,
    (forge) => ({ x5u: jku(forge) }),
  ],
  [
    'key-everything',
    'The header contains a key, a certificate and both addresses',
    EMBEDDED_KEY_RULE,
    (forge) => {
      const { publicJwk } = forge.issuer.attacker.key;
      return { jwk: publicJwk, jku: jku(forge), x5u: jku(forge), x5c: ['MIIB'] };
    },
  ],
];

/** Headers with the kid of the attacker's key, which the trusted issuer does not publish. */
const remoteKeys: readonly Row[] = [
  ['key-foreign-kid', 'A foreign key signed under its own kid', 'RFC 7515 §5.2', () => ({})],
  [
    'key-foreign-kid-jku',
    'A foreign key signed, and the header contains its address',
    EMBEDDED_KEY_RULE,
    (forge) => ({ jku: jku(forge) }),
  ],
  [
    'key-foreign-kid-jwk',
    'A foreign key signed, and the header contains it',
    EMBEDDED_KEY_RULE,
    ({ issuer }) => ({ jwk: issuer.attacker.key.publicJwk }),
  ],
  [
    'key-kid-is-url',
    'kid is the address of the key',
    EMBEDDED_KEY_RULE,
    (forge) => ({ kid: jku(forge) }),
  ],
];

const signedByAttacker = (forge: Forge, header: Readonly<Record<string, unknown>>) =>
  forge.accessToken({}, { header, signedBy: forge.issuer.attacker.key });

const cases: TokenCase[] = [
  ...embeddedKeys.map(([id, title, rule, header]): TokenCase => ({
    id,
    title,
    rule,
    reason: 'bad_signature',
    token: (forge) => signedByAttacker(forge, header(forge)),
  })),
  ...remoteKeys.map(([id, title, rule, header]): TokenCase => ({
    id,
    title,
    rule,
    reason: 'unknown_key',
    token: (forge) =>
      signedByAttacker(forge, { kid: forge.issuer.attacker.key.kid, ...header(forge) }),
  })),
  {
    id: 'key-jwk-symmetric',
    title: 'The header contains the symmetric key of the HMAC',
    rule: `${EMBEDDED_KEY_RULE}, CVE-2026-27962`,
    reason: 'refused_algorithm',
    token: (forge) => forge.hmac('s3cret', { jwk: { kty: 'oct', k: 'czNjcmV0', alg: 'HS256' } }),
  },
];

export const key = tokenCases(invalidToken, cases);
