import { invalidToken } from '../support/answer.js';
import { type TokenCase, tokenCases } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';

type Header = (forge: Forge) => Readonly<Record<string, unknown>>;
type Row = readonly [id: string, title: string, rule: string, header: Header];

const EMBEDDED_KEY_RULE = 'RFC 8725 §3.10';

const jku = ({ issuer: { attacker } }: Forge) => attacker.server.jwksUri;
const hostOf = ({ issuer: { attacker } }: Forge) => new URL(attacker.server.origin).host;

/** Headers that bring a key along, or say where to fetch it. The attacker has signed; the kid is that of the good key. */
const embeddedKeys: readonly Row[] = [
  ['key-foreign', 'A foreign key has signed under our kid', 'RFC 7515 §5.2', () => ({})],
  [
    'key-jwk',
    'The header brings the key',
    `${EMBEDDED_KEY_RULE}, CVE-2018-0114`,
    ({ issuer }) => ({ jwk: issuer.attacker.key.publicJwk }),
  ],
  [
    'key-jwk-under-our-kid',
    'The header brings the key, which carries our kid',
    `${EMBEDDED_KEY_RULE}, CVE-2018-0114`,
    ({ issuer: { attacker, signingKey } }) => ({
      jwk: { ...attacker.key.publicJwk, kid: signingKey.kid },
    }),
  ],
  [
    'key-jwk-private',
    'The header brings the private key',
    `${EMBEDDED_KEY_RULE}, CVE-2018-0114`,
    ({ issuer }) => ({ jwk: issuer.attacker.key.privateKey.export({ format: 'jwk' }) }),
  ],
  [
    'key-jwks',
    'The header brings a key set',
    EMBEDDED_KEY_RULE,
    ({ issuer }) => ({ jwks: { keys: [issuer.attacker.key.publicJwk] } }),
  ],
  ['key-x5c', 'The header brings a certificate', EMBEDDED_KEY_RULE, () => ({ x5c: ['MIIB'] })],
  [
    'key-jku',
    'The header has the address of a key set',
    EMBEDDED_KEY_RULE,
    (it) => ({ jku: jku(it) }),
  ],
  [
    'key-jku-userinfo',
    'That address begins like the issuer',
    EMBEDDED_KEY_RULE,
    (it) => ({ jku: `${it.issuer.issuer}@${hostOf(it)}/.well-known/jwks.json` }),
  ],
  [
    'key-jku-file',
    'That address is a file',
    EMBEDDED_KEY_RULE,
    () => ({ jku: 'file:///etc/passwd' }),
  ],
  [
    'key-x5u',
    'The header has the address of a certificate',
    EMBEDDED_KEY_RULE,
    (it) => ({ x5u: jku(it) }),
  ],
  [
    'key-everything',
    'The header has them all',
    EMBEDDED_KEY_RULE,
    (it) => {
      const { publicJwk } = it.issuer.attacker.key;
      return { jwk: publicJwk, jku: jku(it), x5u: jku(it), x5c: ['MIIB'] };
    },
  ],
];

/** The same with the kid of the attacker's key, which the trusted issuer does not publish. */
const remoteKeys: readonly Row[] = [
  ['key-foreign-kid', 'A foreign key has signed under its own kid', 'RFC 7515 §5.2', () => ({})],
  [
    'key-foreign-kid-jku',
    'A foreign kid, and where its key is',
    EMBEDDED_KEY_RULE,
    (it) => ({ jku: jku(it) }),
  ],
  [
    'key-foreign-kid-jwk',
    'A foreign kid, and its key',
    EMBEDDED_KEY_RULE,
    ({ issuer }) => ({ jwk: issuer.attacker.key.publicJwk }),
  ],
  ['key-kid-is-url', 'kid is where the key is', EMBEDDED_KEY_RULE, (it) => ({ kid: jku(it) })],
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
    title: 'The header brings a symmetric key, which has authenticated the token',
    rule: `${EMBEDDED_KEY_RULE}, CVE-2026-27962`,
    reason: 'refused_algorithm',
    token: (forge) => forge.hmac('s3cret', { jwk: { kty: 'oct', k: 'czNjcmV0', alg: 'HS256' } }),
  },
];

export const key = tokenCases(invalidToken, cases);
