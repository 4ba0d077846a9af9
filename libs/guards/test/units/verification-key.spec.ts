import { generateKeyPairSync } from 'node:crypto';
import { type Algorithm, ALGORITHMS } from '../../src/index.js';
import { parseKeySet } from '../../src/core/verification-key.js';
import { generateSigningKey } from '../../testing/index.js';

const ec = generateSigningKey('ES256', 'ec').publicJwk;
const rsa = generateSigningKey('RS256', 'rsa').publicJwk;
const spare = generateSigningKey('ES256', 'spare').publicJwk;
const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
  format: 'jwk',
});
const all = [...ALGORITHMS];

/** What is left of a set in which one key is certainly good. */
function usable(keys: unknown[], allowed: Algorithm[] = all): Record<string, Algorithm> {
  const found = [...parseKeySet([...keys, spare], allowed)].filter(([kid]) => kid !== 'spare');
  return Object.fromEntries(found.map(([kid, { algorithm }]) => [kid, algorithm]));
}

describe('which keys of a set may verify (RFC 7517 §4, RFC 8725 §3.1)', () => {
  it.each([
    ['alg pins the algorithm', rsa, { rsa: 'RS256' }],
    ['use may be absent', { ...ec, use: undefined }, { ec: 'ES256' }],
    ['key_ops may say verify', { ...ec, key_ops: ['verify'] }, { ec: 'ES256' }],
    ['no alg, on a curve that has only one', { ...ec, alg: undefined }, { ec: 'ES256' }],
  ])('%s', (_name, key, expected) => {
    expect(usable([key])).toEqual(expected);
  });

  it('a key without alg gets the only allowed algorithm that fits it', () => {
    const { alg: _alg, ...key } = rsa;
    expect(usable([key], ['PS256', 'ES256'])).toEqual({ rsa: 'PS256' });
    expect(usable([key], ['PS256', 'RS256', 'ES256'])).toEqual({});
  });

  it.each([
    ['no kid', { ...ec, kid: undefined }],
    ['kid is not text', { ...ec, kid: 7 }],
    ['for encryption', { ...ec, use: 'enc' }],
    ['for signing only', { ...ec, key_ops: ['sign'] }],
    ['alg of another curve', { ...ec, alg: 'ES384' }],
    ['alg of another family', { ...rsa, alg: 'ES256' }],
    ['alg unknown', { ...ec, alg: 'ES256K' }],
    ['alg null', { ...ec, alg: null }],
    ['a secret', { kty: 'oct', kid: 'x', k: 'AAAA', alg: 'HS256' }],
    ['its private part is published', { ...ec, d: 'AAAA' }],
    ['RSA below 2048 bits (RFC 7518 §3.3)', { ...small, kid: 'small', alg: 'RS256' }],
    ['not on its curve', { ...ec, x: ec.y }],
    ['x is not text', { ...ec, x: 1 }],
    ['not an object', 'key'],
    ['null', null],
  ])('passed over: %s', (_name, key) => {
    expect(usable([key])).toEqual({});
  });

  it('two keys under one identifier are both refused', () => {
    expect(usable([ec, { ...generateSigningKey('ES256', 'ec').publicJwk }])).toEqual({});
  });

  it('an algorithm that is not allowed is as good as unknown', () => {
    expect(usable([rsa], ['ES256'])).toEqual({});
  });

  it('a set without a usable key is an error', () => {
    expect(() => parseKeySet([rsa], ['ES256'])).toThrow(TypeError);
  });
});
