import { generateKeyPairSync } from 'node:crypto';
import { type Algorithm, ALGORITHMS } from '../../src/index.js';
import { encodePart, generateSigningKey } from '../../testing/index.js';
import { anAuthenticator, parseKeySet, verifyOrError } from '../support/factories.js';

const ec = generateSigningKey('ES256', 'ec').publicJwk;
const rsa = generateSigningKey('RS256', 'rsa').publicJwk;
const spare = generateSigningKey('ES256', 'spare').publicJwk;
const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
  format: 'jwk',
});
const all = [...ALGORITHMS];

/** Returns the usable keys of a set. A spare valid key keeps the set from being unusable. */
async function listUsable(keys: unknown[], allowed: Algorithm[] = all) {
  const parsed = await parseKeySet([...keys, spare], allowed);
  const found = [...parsed.keys].filter(([kid]) => kid !== 'spare');
  return Object.fromEntries(found.map(([kid, { algorithm }]) => [kid, algorithm]));
}

describe('usable keys of a set (RFC 7517 §4, RFC 8725 §3.1)', () => {
  it.each([
    ['with alg', rsa, { rsa: 'RS256' }],
    ['without use', { ...ec, use: undefined }, { ec: 'ES256' }],
    ['with key_ops that contain verify', { ...ec, key_ops: ['verify'] }, { ec: 'ES256' }],
    ['without alg on a curve with one algorithm', { ...ec, alg: undefined }, { ec: 'ES256' }],
  ])('includes a key %s', async (_name, key, expected) => {
    expect(await listUsable([key])).toEqual(expected);
  });

  it('includes a key without alg if exactly one allowed algorithm fits it', async () => {
    const { alg: _alg, ...key } = rsa;
    expect(await listUsable([key], ['PS256', 'ES256'])).toEqual({ rsa: 'PS256' });
    expect(await listUsable([key], ['PS256', 'RS256', 'ES256'])).toEqual({});
  });

  it.each([
    ['without kid', { ...ec, kid: undefined }],
    ['whose kid is a number', { ...ec, kid: 7 }],
    ['for encryption', { ...ec, use: 'enc' }],
    ['for signing only', { ...ec, key_ops: ['sign'] }],
    ['with the alg of another curve', { ...ec, alg: 'ES384' }],
    ['with the alg of another family', { ...rsa, alg: 'ES256' }],
    ['with an unknown alg', { ...ec, alg: 'ES256K' }],
    ['whose alg is null', { ...ec, alg: null }],
    ['that is symmetric', { kty: 'oct', kid: 'x', k: 'AAAA', alg: 'HS256' }],
    ['with its private part', { ...ec, d: 'AAAA' }],
    ['of RSA with fewer than 2048 bits (RFC 7518 §3.3)', { ...small, kid: 'small', alg: 'RS256' }],
    ['that is not on its curve', { ...ec, x: ec.y }],
    ['whose x is a number', { ...ec, x: 1 }],
    ['that is a string', 'key'],
    ['that is null', null],
  ])('excludes a key %s', async (_name, key) => {
    expect(await listUsable([key])).toEqual({});
  });

  it('excludes two keys with one identifier', async () => {
    expect(await listUsable([ec, { ...generateSigningKey('ES256', 'ec').publicJwk }])).toEqual({});
  });

  it('excludes a key of an algorithm that is not allowed', async () => {
    expect(await listUsable([rsa], ['ES256'])).toEqual({});
  });

  it('throws a TypeError for a set without a usable key', async () => {
    await expect(parseKeySet([rsa], ['ES256'])).rejects.toThrow(TypeError);
  });

  it.each([
    [
      'fits several allowed algorithms',
      { ...rsa, alg: undefined },
      'has no alg and fits RS256 and PS256: allow one of them',
    ],
    ['is for encryption', { ...rsa, use: 'enc' }, 'has the use "enc"'],
    ['has no kid', { ...rsa, kid: undefined }, 'The key missing is not used: it has no kid'],
    ['has its private part', { ...rsa, d: 'AAAA' }, 'contains a private or symmetric key'],
    [
      'is for an algorithm that is not allowed',
      ec,
      'is "EC" "P-256" with alg "ES256", and `algorithms` allows RS256, PS256',
    ],
    ['is weak', { ...small, kid: 'small', alg: 'RS256' }, 'is not a sound public key'],
  ])(
    'names the reason for which a key is skipped when it %s (RFC 7517 §5)',
    async (_why, key, words) => {
      await expect(parseKeySet([key], ['RS256', 'PS256'])).rejects.toThrow(words);
    },
  );

  it('names two keys with one identifier', async () => {
    await expect(parseKeySet([ec, ec], ['ES256'])).rejects.toThrow(
      '"ec" is not used: it shares its kid',
    );
  });

  it('names the reason also for a token whose key is skipped beside usable ones', async () => {
    const keys = () => ({ keys: [{ ...rsa, alg: undefined }, spare] });
    const authenticator = anAuthenticator({
      issuer: 'https://auth.example',
      audience: 'https://api.example',
      algorithms: ['ES256', 'RS256', 'PS256'],
      keys,
    });
    const header = encodePart({ typ: 'at+jwt', alg: 'RS256', kid: 'rsa' });
    const token = `${header}.${encodePart({ iss: 'https://auth.example' })}.AAAA`;
    expect(await verifyOrError(authenticator, token)).toMatchObject({
      reason: 'unknown_key',
      cause: { message: expect.stringContaining('The key "rsa" is not used: it has no alg') },
    });
  });
});

describe('shapes of key sets in the tests of jwks-rsa', () => {
  const { n: _n, e: _e, ...withoutModulus } = rsa;
  const certificate = ['MIIDDTCCAfWgAwIBAgIJAJVkuSv2H8mDMA0GCSqGSIb3DQEBBQUA'];
  const { alg: _alg, ...withoutAlg } = rsa;
  const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    format: 'jwk',
  });

  it.each([
    [
      'n, e and a certificate, which is ignored (RFC 8725 §3.10)',
      { ...rsa, x5c: certificate, x5t: 'x' },
    ],
    ['members that no specification defines', { ...rsa, nbf: 123, issuer: 'x', ext: true }],
    ['no use', { ...rsa, use: undefined }],
    ['no alg, which the option `algorithms` decides', withoutAlg],
    ['key_ops and alg', { ...ec, key_ops: ['verify'] }],
  ])('a key with %s is accepted', async (_name, key) => {
    expect(Object.keys(await listUsable([key], ['RS256', 'ES256']))).toEqual([key.kid]);
  });

  it.each([
    ['only a certificate (x5c)', { ...withoutModulus, x5c: certificate }, 'sound public key'],
    ['an empty list of certificates', { ...withoutModulus, x5c: [] }, 'sound public key'],
    ['the use enc', { ...rsa, use: 'enc' }, 'has the use "enc"'],
    ['an unknown kty', { ...rsa, kty: 'AKP' }, 'is "AKP" with alg "RS256"'],
    ['no kty', { ...rsa, kty: undefined }, 'with alg "RS256"'],
    ['a curve without an algorithm here', { ...ec, crv: 'secp256k1', alg: 'ES256K' }, 'secp256k1'],
    ['the curve Ed448', { kty: 'OKP', crv: 'Ed448', kid: 'x', x: 'AAAA' }, '"Ed448"'],
    ['a private part', { ...privateKey, kid: 'x', alg: 'RS256' }, 'private or symmetric key'],
    ['no kid, also if it is the only key', { ...rsa, kid: undefined }, 'has no kid'],
    ['a kid that is null', { ...rsa, kid: null }, 'has no kid'],
  ])('a key with %s is refused, and the error says why', async (_name, key, words) => {
    await expect(parseKeySet([key], ['RS256', 'ES256'])).rejects.toThrow(words);
    expect(await listUsable([key], ['RS256', 'ES256'])).toEqual({});
  });

  it.each([
    ['an empty list', [], 'holds no key'],
    ['no list', undefined, 'has no "keys"'],
    ['an object', { 0: rsa }, 'has no "keys"'],
    ['a text', 'keys', 'has no "keys"'],
  ])('a set with %s in `keys` is refused', async (_name, keys, words) => {
    await expect(parseKeySet(keys, ['RS256'])).rejects.toThrow(words);
  });

  it('a set of mixed use is accepted without its encryption keys', async () => {
    const keys = [{ ...rsa, kid: 'enc', use: 'enc', alg: 'RSA-OAEP' }, rsa, ec];
    expect(await listUsable(keys)).toEqual({ rsa: 'RS256', ec: 'ES256' });
  });
});
