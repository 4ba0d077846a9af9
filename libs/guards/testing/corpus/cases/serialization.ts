import { encodePart, signature } from '../../signing-key.js';
import { closedConnection, invalidToken, malformedToken } from '../support/answer.js';
import { type TokenCase, tokenCases } from '../support/corpus-case.js';
import { type Forge, withClaims, withEditedSegments } from '../support/forge.js';

const COMPACT = 'RFC 7515 §7.1';
const BASE64URL = 'RFC 7515 §2, RFC 4648 §5';

type Edit = Parameters<typeof withEditedSegments>[0];

/** A compact JWS has exactly three segments and two dots. */
const segments: readonly [id: string, title: string, edit: Edit][] = [
  ['one', 'The token has one segment', () => ['abc']],
  ['two', 'The token has two segments', ([h, p]) => [h, p]],
  ['four', 'The token has four segments', (all) => [...all, 'AA']],
  ['five', 'The token has five segments, as a JWE has', (all) => [...all, 'AA', 'AA']],
  ['trailing-dot', 'The token ends with a dot', (all) => [...all, '']],
  ['leading-dot', 'The token begins with a dot', (all) => ['', ...all]],
  ['double-dot', 'The token has two dots in a row', ([h, p, s]) => [h, '', p, s]],
  ['dots', 'The token consists of dots', () => ['', '', '']],
  ['joined', 'A dot joins two valid tokens', (all) => [...all, ...all]],
  ['no-header', 'The header is empty', ([, p, s]) => ['', p, s]],
  ['no-payload', 'The payload is empty', ([h, , s]) => [h, '', s]],
];

/** All of these match b64token of RFC 6750, so that the JWT parser receives them. */
const alphabet: readonly [id: string, title: string, rule: string, edit: Edit][] = [
  ['padded', 'The signature has padding', BASE64URL, ([h, p, s]) => [h, p, `${s}==`]],
  [
    'plus',
    'The signature has characters of base64',
    BASE64URL,
    ([h, p, s]) => [h, p, `+/+/${s.slice(4)}`],
  ],
  [
    'tilde',
    'The payload has a character outside base64url',
    BASE64URL,
    ([h, p, s]) => [h, `${p}~`, s],
  ],
  [
    'length',
    'The signature has a length that base64url cannot have',
    BASE64URL,
    ([h, p]) => [h, p, 'AAAAA'],
  ],
];

const encodings: TokenCase[] = [
  ...segments.map(([id, title, edit]): TokenCase => ({
    id: `segments-${id}`,
    title,
    rule: COMPACT,
    expected: malformedToken,
    reason: 'malformed_token',
    token: withEditedSegments(edit),
  })),
  ...alphabet.map(([id, title, rule, edit]): TokenCase => ({
    id: `base64url-${id}`,
    title,
    rule,
    expected: malformedToken,
    reason: 'malformed_token',
    token: withEditedSegments(edit),
  })),
  {
    id: 'base64url-spare-bits',
    title: 'Unused bits are set, so that one signature has two encodings',
    rule: 'RFC 4648 §3.5',
    expected: malformedToken,
    reason: 'malformed_token',
    stricter: true,
    token: withEditedSegments(([header, payload, mac]) => [header, payload, withSpareBits(mac)]),
  },
];

function withSpareBits(segment: string): string {
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = characters.indexOf(segment.slice(-1));
  return segment.slice(0, -1) + characters[last ^ 1];
}

/** A JWE without real content. PBES2 with a huge `p2c` keeps a verifier that derives the key busy (CVE-2022-36083). */
const jwe = (header: object) => () =>
  [encodePart(header), 'AAAA', 'AAAAAAAAAAAAAAAA', 'AAAA', 'AAAAAAAAAAAAAAAAAAAAAA'].join('.');

const wrappings: TokenCase[] = [
  {
    id: 'jwe-pbes2',
    title: 'A JWE requests 2³¹ − 1 rounds of key derivation',
    rule: 'CVE-2022-36083',
    token: jwe({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31 - 1, p2s: 'AAAA' }),
  },
  {
    id: 'jwe-zip',
    title: 'A JWE declares compression',
    rule: 'CVE-2024-28176',
    token: jwe({ alg: 'dir', enc: 'A128GCM', zip: 'DEF' }),
  },
  {
    id: 'jwe-to-public-key',
    title: 'A JWE is encrypted to the public key, which any sender can do',
    rule: 'RFC 8725 §2.3',
    token: jwe({ alg: 'RSA-OAEP-256', enc: 'A128GCM', cty: 'JWT' }),
  },
  {
    id: 'nested-token',
    title: 'The payload is a valid token instead of JSON',
    rule: 'RFC 7519 §7.2',
    token: nested,
  },
].map((row) => ({ ...row, expected: malformedToken, reason: 'malformed_token' }));

function nested(forge: Forge): string {
  const { issuer } = forge;
  const input = `${encodePart({ ...issuer.header(), cty: 'JWT' })}.${encodePart(forge.accessToken())}`;
  return `${input}.${signature(input, issuer.signingKey)}`;
}

/** Node refuses headers of more than 16 kB before the guard runs. */
const tooLarge = [...malformedToken, { status: 413 }, { status: 431 }, closedConnection];
const padded = (bytes: number) => withClaims({ padding: 'x'.repeat(bytes) });

const sizes: TokenCase[] = [
  {
    id: 'size-9-kb',
    title: 'The token is valid and has more than 8 kB',
    rule: 'RFC 6750 sets no limit',
    expected: tooLarge,
    reason: 'oversized_token',
    stricter: true,
    token: padded(7000),
  },
  ...[64, 1024].map((kilobytes): TokenCase => ({
    id: `size-${kilobytes}-kb`,
    title: `The token is valid and has ${kilobytes} kB`,
    rule: 'RFC 9110 §5.4',
    expected: tooLarge,
    stricter: true,
    token: padded(kilobytes * 768),
  })),
];

export const serialization = tokenCases(invalidToken, [...encodings, ...wrappings, ...sizes]);
