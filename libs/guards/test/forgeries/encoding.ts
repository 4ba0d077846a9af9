import { encodePart, signature } from '../../testing/index.js';
import { type Forgery, withClaims, signedText, same, withFirst, edited } from './forging.js';

export const encoding: Forgery[] = [
  ['one segment', 'malformed_token', () => 'abc'],
  ['four segments', 'malformed_token', edited((parts) => [...parts, 'AA'])],
  ['five segments, as a JWE has', 'malformed_token', edited((parts) => [...parts, 'AA', 'AA'])],
  ['a trailing dot', 'malformed_token', edited((parts) => [...parts, ''])],
  ['padding at the end (RFC 7515 §2)', 'malformed_token', edited(([h, p, s]) => [h, p, `${s}==`])],
  ['base64 instead of base64url', 'malformed_token', edited(([h, p]) => [h, p, '+/+/'])],
  [
    'spare bits set (RFC 4648 §3.5)',
    'malformed_token',
    edited(([h, p, s]) => [h, p, spareBitsSet(s)]),
  ],
  ['header is not JSON', 'malformed_token', signedText(() => 'x', same)],
  ['header is an array', 'malformed_token', signedText((json) => `[${json}]`, same)],
  ['payload is null', 'malformed_token', signedText(same, () => 'null')],
  ['payload is an array', 'malformed_token', signedText(same, (json) => `[${json}]`)],
  ['a byte order mark', 'malformed_token', signedText(same, (json) => `\uFEFF${json}`)],
  ['bytes after the payload', 'malformed_token', signedText(same, (json) => `${json}x`)],
  ['alg twice (RFC 7515 §4)', 'malformed_token', signedText(withFirst('"alg":"none"'), same)],
  ['alg twice, once escaped', 'malformed_token', signedText(withFirst('"\\u0061lg":"none"'), same)],
  ['exp twice (RFC 7519 §4)', 'malformed_token', signedText(same, withFirst('"exp":1'))],
  [
    'a name twice, deep inside',
    'malformed_token',
    signedText(same, withFirst('"act":{"a":1,"a":2}')),
  ],
  ['1,500 levels of nesting', 'wrong_audience', signedText(same, nested)],
  ['9 kB', 'oversized_token', withClaims({ padding: 'x'.repeat(9000) })],
  [
    'invalid UTF-8 in the payload',
    'malformed_token',
    ({ signingKey }) => {
      const payload = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url');
      const input = `${encodePart({ typ: 'at+jwt', alg: 'ES256', kid: signingKey.kid })}.${payload}`;
      return `${input}.${signature(input, signingKey)}`;
    },
  ],
];

/** The last character carries bits that no byte uses; setting one gives a second text for the same signature. */
function spareBitsSet(segment: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(segment.slice(-1));
  return segment.slice(0, -1) + alphabet[last ^ 1];
}

function nested(): string {
  return `{"a":${'['.repeat(1500)}${']'.repeat(1500)}}`;
}
