import { type Forgery, withHeader, unsigned, hmac } from './forging.js';

export const algorithms: Forgery[] = [
  ...['none', 'None', 'NONE', 'nOnE', 'none '].map((alg): Forgery => [
    `alg "${alg}" (RFC 8725 §3.2)`,
    'refused_algorithm',
    unsigned(alg),
  ]),
  [
    'HS256 with the public PEM',
    'refused_algorithm',
    hmac((key) => key.export({ format: 'pem', type: 'spki' })),
  ],
  [
    'HS256 with the public DER',
    'refused_algorithm',
    hmac((key) => key.export({ format: 'der', type: 'spki' })),
  ],
  [
    'HS256 with the JWK',
    'refused_algorithm',
    hmac((key) => JSON.stringify(key.export({ format: 'jwk' }))),
  ],
  ['HS256 with an empty secret', 'refused_algorithm', hmac(() => '')],
  ['no alg', 'refused_algorithm', withHeader({ alg: undefined })],
  ['alg is null', 'refused_algorithm', withHeader({ alg: null })],
  ['alg is an array', 'refused_algorithm', withHeader({ alg: ['ES256'] })],
  ['alg is an object', 'refused_algorithm', withHeader({ alg: { toString: 'ES256' } })],
  ['alg of another family', 'refused_algorithm', withHeader({ alg: 'RS256' })],
  [
    'alg of a curve that the key is not on (RFC 8725 §3.1)',
    'refused_algorithm',
    withHeader({ alg: 'ES384' }),
  ],
];

export const headers: Forgery[] = [
  ['typ JWT, as of an ID token (RFC 9068 §4)', 'wrong_type', withHeader({ typ: 'JWT' })],
  ['typ logout+jwt', 'wrong_type', withHeader({ typ: 'logout+jwt' })],
  ['typ at+jwt with a suffix', 'wrong_type', withHeader({ typ: 'at+jwt2' })],
  ['no typ', 'wrong_type', withHeader({ typ: undefined })],
  ['typ is not text', 'wrong_type', withHeader({ typ: ['at+jwt'] })],
  ['unknown crit (RFC 7515 §4.1.11)', 'critical_header', withHeader({ crit: ['x'], x: 1 })],
  ['empty crit', 'critical_header', withHeader({ crit: [] })],
  ['crit is null', 'critical_header', withHeader({ crit: null })],
  ['b64 false (RFC 7797)', 'critical_header', withHeader({ b64: false })],
  ['no kid', 'malformed_key_id', withHeader({ kid: undefined })],
  ['empty kid', 'malformed_key_id', withHeader({ kid: '' })],
  ['kid is a number', 'malformed_key_id', withHeader({ kid: 1 })],
  ['kid of 257 characters', 'malformed_key_id', withHeader({ kid: 'k'.repeat(257) })],
  ['kid is a path', 'unknown_key', withHeader({ kid: '../../dev/null' })],
  ['kid is SQL', 'unknown_key', withHeader({ kid: "x' UNION SELECT 'secret'--" })],
  ['kid is __proto__', 'unknown_key', withHeader({ kid: '__proto__' })],
  ['kid has a line break', 'unknown_key', withHeader({ kid: 'a\r\nSet-Cookie: b' })],
];
