import type { RequestAuthenticator, GuardsOptions } from '../../src/index.js';
import { generateSigningKey, TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';
import { anAuthenticator, verifyOrError } from '../support/factories.js';

let issuer: TestIssuer;
let clock: TestClock;

beforeEach(async () => {
  clock = new TestClock();
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(() => issuer.close());

type Changes = Partial<Omit<GuardsOptions, 'issuers' | 'issuer'>>;
const authenticatorWith = (changes: Changes = {}) =>
  anAuthenticator({ ...issuer.options, ...clock.options, ...changes });

/** Verifies the token until the cache stores it, and returns the cached token. */
async function cacheToken(authenticator: RequestAuthenticator, token: string): Promise<unknown> {
  await authenticator.verifyToken(token);
  const cached = await authenticator.verifyToken(token);
  expect(await authenticator.verifyToken(token)).toBe(cached);
  return cached;
}

describe('cache of verified tokens', () => {
  it('stores a token at its second use and returns it at the third', async () => {
    const authenticator = authenticatorWith();
    const token = issuer.accessToken();
    const [first, second, third] = [
      await authenticator.verifyToken(token),
      await authenticator.verifyToken(token),
      await authenticator.verifyToken(token),
    ];
    expect(second).not.toBe(first);
    expect(third).toBe(second);
  });

  it('stores no token when `maxTokens` is 0', async () => {
    const authenticator = authenticatorWith({ tokenCache: { maxTokens: 0 } });
    const token = issuer.accessToken();
    const results = new Set();
    for (let i = 0; i < 5; i += 1) results.add(await authenticator.verifyToken(token));

    expect(results.size).toBe(5);
  });

  it('stores no refused token', async () => {
    const authenticator = authenticatorWith();
    const early = issuer.accessToken({ nbf: clock.now() / 1000 + 60 });
    for (let i = 0; i < 3; i += 1) {
      expect(await verifyOrError(authenticator, early)).toHaveProperty('reason', 'not_yet_valid');
    }
    clock.advance({ seconds: 60 });
    expect(await verifyOrError(authenticator, early)).toHaveProperty('subject');
  });

  it('freezes a stored token deeply, because later requests share it', async () => {
    const nested = { list: [{ a: { b: [1] } }], z: {} };
    const cached = await cacheToken(
      authenticatorWith(),
      issuer.accessToken({ nested, amr: ['pwd'] }),
    );
    const listUnfrozen = (value: unknown): unknown[] => {
      if (typeof value !== 'object' || value === null || value instanceof Set) return [];
      const nestedValues = Object.values(value).flatMap(listUnfrozen);
      return Object.isFrozen(value) || value instanceof Date
        ? nestedValues
        : [value, ...nestedValues];
    };
    expect(cached).toHaveProperty('claims.nested', nested);
    expect(listUnfrozen(cached)).toEqual([]);
  });

  it('protects the scopes of a stored token against changes by a handler', async () => {
    const cached = await cacheToken(
      authenticatorWith(),
      issuer.accessToken({ scope: 'orders:read' }),
    );
    const { scopes } = cached as { scopes: Set<string> };

    expect(() => scopes.add('admin')).toThrow(TypeError);
    expect(() => scopes.delete('orders:read')).toThrow(TypeError);
    expect(() => scopes.clear()).toThrow(TypeError);
    expect([...scopes]).toEqual(['orders:read']);
  });
});

describe('lifetime of a cached token', () => {
  it('removes expired tokens to make room for new ones', async () => {
    const authenticator = authenticatorWith();
    const addToken = async () => cacheToken(authenticator, issuer.accessToken());
    for (let i = 0; i < 100; i += 1) await addToken();
    clock.advance({ seconds: 3600 });
    for (let i = 0; i < 60; i += 1) await addToken();
    expect(Reflect.get(authenticator['verifier'], 'cache').size).toBe(60);
  });

  it('refuses a cached token after its exp and the clock tolerance (RFC 7519 §4.1.4)', async () => {
    const authenticator = authenticatorWith({ clockToleranceSeconds: 5 });
    const token = issuer.accessToken({ exp: Math.floor(clock.now() / 1000) + 100 });
    const cached = await cacheToken(authenticator, token);

    clock.advance({ seconds: 98 });
    expect(await authenticator.verifyToken(token)).toBe(cached);
    clock.advance({ seconds: 6 });
    expect(await authenticator.verifyToken(token)).not.toBe(cached);
    clock.advance({ seconds: 1 });
    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'expired');
  });

  it('refuses a cached token after `maxTokenAgeSeconds` if that is before its exp', async () => {
    const authenticator = authenticatorWith({ maxTokenAgeSeconds: 60 });
    const token = issuer.accessToken({ exp: Math.floor(clock.now() / 1000) + 3600 });
    const cached = await cacheToken(authenticator, token);

    clock.advance({ seconds: 58 });
    expect(await authenticator.verifyToken(token)).toBe(cached);
    clock.advance({ seconds: 7 });
    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'too_old');
  });
});

describe('key of a cached token', () => {
  const longLived = () => issuer.accessToken({ exp: clock.now() / 1000 + 3600 });
  /** Makes the authenticator fetch the key set before it expires, by a token with an unknown key. */
  async function fetchKeys(authenticator: RequestAuthenticator): Promise<void> {
    clock.advance({ seconds: 10 });
    const header = { kid: 'unknown' };
    const verdict = await verifyOrError(authenticator, issuer.accessToken({}, { header }));
    expect(verdict).toHaveProperty('reason', 'unknown_key');
  }

  it('refuses a cached token when the key set without its key expires', async () => {
    const authenticator = authenticatorWith();
    const token = longLived();
    const cached = await cacheToken(authenticator, token);
    issuer.removeKey(issuer.signingKey.kid);
    issuer.rotate();

    clock.advance({ seconds: 299 });
    expect(await authenticator.verifyToken(token)).toBe(cached);
    clock.advance({ seconds: 2 });
    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'unknown_key');
  });

  it('refuses a cached token when the next fetch lacks its key', async () => {
    const authenticator = authenticatorWith();
    const token = longLived();
    await cacheToken(authenticator, token);
    issuer.removeKey(issuer.signingKey.kid);
    issuer.rotate();
    await fetchKeys(authenticator);

    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'unknown_key');
  });

  it('keeps a cached token when other keys change', async () => {
    const authenticator = authenticatorWith();
    const token = longLived();
    const cached = await cacheToken(authenticator, token);
    issuer.rotate();
    await fetchKeys(authenticator);

    expect(await authenticator.verifyToken(token)).toBe(cached);
  });

  it('refuses a cached token when another key gets the identifier of its key', async () => {
    const authenticator = authenticatorWith();
    const token = longLived();
    await cacheToken(authenticator, token);
    const { kid, algorithm } = issuer.signingKey;
    issuer.removeKey(kid);
    issuer.rotate(generateSigningKey(algorithm, kid));
    await fetchKeys(authenticator);

    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'bad_signature');
  });

  it('refuses a cached token when its key gets another algorithm (RFC 8725 §3.1)', async () => {
    const authenticator = authenticatorWith({ algorithms: ['RS256', 'PS256'] });
    const key = issuer.rotate(generateSigningKey('RS256'));
    const token = longLived();
    await cacheToken(authenticator, token);
    issuer.removeKey(key.kid);
    issuer.rotate({ ...key, algorithm: 'PS256', publicJwk: { ...key.publicJwk, alg: 'PS256' } });
    await fetchKeys(authenticator);

    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'refused_algorithm');
  });

  it('accepts a cached token during an outage for `maxStaleSeconds` and no longer', async () => {
    const authenticator = authenticatorWith({ keySet: { maxStaleSeconds: 60, timeoutMs: 1000 } });
    const token = longLived();
    await cacheToken(authenticator, token);
    issuer.fail();
    clock.advance({ seconds: 300 + 59 });
    expect(await verifyOrError(authenticator, token)).toHaveProperty('subject');
    clock.advance({ seconds: 2 });
    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'keys_unavailable');
  });
});

describe('identity of a cached token', () => {
  /** Order of P-256 (FIPS 186-4 §D.1.2.3). */
  const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

  /** (r, n − s) verifies wherever (r, s) does. */
  function malleate(token: string): string {
    const [header, payload, signature = ''] = token.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const s = N - BigInt(`0x${bytes.toString('hex', 32)}`);
    bytes.write(s.toString(16).padStart(64, '0'), 32, 'hex');
    return [header, payload, bytes.toString('base64url')].join('.');
  }

  it('verifies a token with a malleated ECDSA signature anew', async () => {
    const authenticator = authenticatorWith();
    const token = issuer.accessToken();
    const cached = await cacheToken(authenticator, token);
    const verdict = await verifyOrError(authenticator, malleate(token));

    expect(verdict).toEqual(cached);
    expect(verdict).not.toBe(cached);
  });

  it.each([
    ['with a foreign signature', ([h, p]: string[], [, , s]: string[]) => [h, p, s]],
    ['with its signature cut', ([h, p, s]: string[]) => [h, p, s?.slice(0, -2)]],
    ['with other claims', ([h, , s]: string[], [, p]: string[]) => [h, p, s]],
    ['with another header', ([, p, s]: string[], [h]: string[]) => [h, p, s]],
  ])('refuses a cached token %s', async (_name, mix) => {
    const authenticator = authenticatorWith();
    const token = issuer.accessToken();
    await cacheToken(authenticator, token);
    const signedBy = generateSigningKey('ES256');
    const foreign = issuer.accessToken({}, { signedBy, header: { x: 1 } });
    const mixed = mix(token.split('.'), foreign.split('.')).join('.');

    expect(await verifyOrError(authenticator, mixed)).toHaveProperty('reason', 'bad_signature');
  });
});
