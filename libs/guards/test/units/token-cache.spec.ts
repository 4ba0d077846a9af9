import type { AccessTokenStrategy, GuardsOptions } from '../../src/index.js';
import { generateSigningKey, TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';
import { aStrategy, verifyOrError } from '../support/factories.js';

let issuer: TestIssuer;
let clock: TestClock;

beforeEach(async () => {
  clock = new TestClock();
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(() => issuer.close());

type Changes = Partial<Omit<GuardsOptions, 'issuers' | 'issuer'>>;
const strategyWith = (changes: Changes = {}) =>
  aStrategy({ ...issuer.options, now: clock.now, ...changes });

/** The token as it is remembered, after as many sights as that takes. */
async function remembered(strategy: AccessTokenStrategy, token: string): Promise<unknown> {
  await strategy.validate(token);
  const kept = await strategy.validate(token);
  expect(await strategy.validate(token)).toBe(kept);
  return kept;
}

describe('a verified token', () => {
  it('is remembered from its second sight on, and found at the third', async () => {
    const strategy = strategyWith();
    const token = issuer.accessToken();
    const [first, second, third] = [
      await strategy.validate(token),
      await strategy.validate(token),
      await strategy.validate(token),
    ];
    expect(second).not.toBe(first);
    expect(third).toBe(second);
  });

  it('is not remembered at all when the cache is off', async () => {
    const strategy = strategyWith({ tokenCache: { maxTokens: 0 } });
    const token = issuer.accessToken();
    const sights = new Set();
    for (let i = 0; i < 5; i += 1) sights.add(await strategy.validate(token));

    expect(sights.size).toBe(5);
  });

  it('is not remembered when it was refused', async () => {
    const strategy = strategyWith();
    const early = issuer.accessToken({ nbf: clock.now() / 1000 + 60 });
    for (let i = 0; i < 3; i += 1) {
      expect(await verifyOrError(strategy, early)).toHaveProperty('reason', 'not_yet_valid');
    }
    clock.advance(60);
    expect(await verifyOrError(strategy, early)).toHaveProperty('subject');
  });

  it('is frozen to the bottom, because later requests share it', async () => {
    const nested = { list: [{ a: { b: [1] } }], z: {} };
    const kept = await remembered(strategyWith(), issuer.accessToken({ nested, amr: ['pwd'] }));
    const thawed = (value: unknown): unknown[] => {
      if (typeof value !== 'object' || value === null || value instanceof Set) return [];
      const inside = Object.values(value).flatMap(thawed);
      return Object.isFrozen(value) || value instanceof Date ? inside : [value, ...inside];
    };
    expect(kept).toHaveProperty('claims.nested', nested);
    expect(thawed(kept)).toEqual([]);
  });

  it('keeps the scopes that were signed, whatever a handler tries', async () => {
    const kept = await remembered(strategyWith(), issuer.accessToken({ scope: 'orders:read' }));
    const { scopes } = kept as { scopes: Set<string> };

    expect(() => scopes.add('admin')).toThrow(TypeError);
    expect(() => scopes.delete('orders:read')).toThrow(TypeError);
    expect(() => scopes.clear()).toThrow(TypeError);
    expect([...scopes]).toEqual(['orders:read']);
  });
});

describe('the time of a remembered token', () => {
  it('over, it makes room for those that come', async () => {
    const strategy = strategyWith();
    const comes = async () => remembered(strategy, issuer.accessToken());
    for (let i = 0; i < 100; i += 1) await comes();
    clock.advance(3600);
    for (let i = 0; i < 60; i += 1) await comes();
    expect(strategy['verifier']['cache'].size).toBe(60);
  });

  it('ends with its exp, within the same tolerance as ever (RFC 7519 §4.1.4)', async () => {
    const strategy = strategyWith({ clockToleranceSeconds: 5 });
    const token = issuer.accessToken({ exp: Math.floor(clock.now() / 1000) + 100 });
    const kept = await remembered(strategy, token);

    clock.advance(98);
    expect(await strategy.validate(token)).toBe(kept);
    clock.advance(6);
    expect(await strategy.validate(token)).not.toBe(kept);
    clock.advance(1);
    expect(await verifyOrError(strategy, token)).toHaveProperty('reason', 'expired');
  });

  it('ends with maxTokenAgeSeconds, however late its exp is', async () => {
    const strategy = strategyWith({ maxTokenAgeSeconds: 60 });
    const token = issuer.accessToken({ exp: Math.floor(clock.now() / 1000) + 3600 });
    const kept = await remembered(strategy, token);

    clock.advance(58);
    expect(await strategy.validate(token)).toBe(kept);
    clock.advance(7);
    expect(await verifyOrError(strategy, token)).toHaveProperty('reason', 'too_old');
  });
});

describe('the key of a remembered token', () => {
  const longLived = () => issuer.accessToken({ exp: clock.now() / 1000 + 3600 });
  /** An unknown key is asked for, and all keys come with the answer, long before the set has had its time. */
  async function fetchKeys(strategy: AccessTokenStrategy): Promise<void> {
    clock.advance(10);
    const header = { kid: 'unknown' };
    const verdict = await verifyOrError(strategy, issuer.accessToken({}, { header }));
    expect(verdict).toHaveProperty('reason', 'unknown_key');
  }

  it('takes the token with it when it is removed, within the time of the key set', async () => {
    const strategy = strategyWith();
    const token = longLived();
    const kept = await remembered(strategy, token);
    issuer.removeKey(issuer.signingKey.kid);
    issuer.rotate();

    clock.advance(299);
    expect(await strategy.validate(token)).toBe(kept);
    clock.advance(2);
    expect(await verifyOrError(strategy, token)).toHaveProperty('reason', 'unknown_key');
  });

  it('takes the token with it as soon as the set is fetched again', async () => {
    const strategy = strategyWith();
    const token = longLived();
    await remembered(strategy, token);
    issuer.removeKey(issuer.signingKey.kid);
    issuer.rotate();
    await fetchKeys(strategy);

    expect(await verifyOrError(strategy, token)).toHaveProperty('reason', 'unknown_key');
  });

  it('keeps the token when others come and go', async () => {
    const strategy = strategyWith();
    const token = longLived();
    const kept = await remembered(strategy, token);
    issuer.rotate();
    await fetchKeys(strategy);

    expect(await strategy.validate(token)).toBe(kept);
  });

  it('takes the token with it when another key gets its identifier', async () => {
    const strategy = strategyWith();
    const token = longLived();
    await remembered(strategy, token);
    const { kid, algorithm } = issuer.signingKey;
    issuer.removeKey(kid);
    issuer.rotate(generateSigningKey(algorithm, kid));
    await fetchKeys(strategy);

    expect(await verifyOrError(strategy, token)).toHaveProperty('reason', 'bad_signature');
  });

  it('takes the token with it when the same key gets another algorithm (RFC 8725 §3.1)', async () => {
    const strategy = strategyWith({ algorithms: ['RS256', 'PS256'] });
    const key = issuer.rotate(generateSigningKey('RS256'));
    const token = longLived();
    await remembered(strategy, token);
    issuer.removeKey(key.kid);
    issuer.rotate({ ...key, algorithm: 'PS256', publicJwk: { ...key.publicJwk, alg: 'PS256' } });
    await fetchKeys(strategy);

    expect(await verifyOrError(strategy, token)).toHaveProperty('reason', 'refused_algorithm');
  });

  it('is asked for while the issuer is down, and no longer than maxStaleSeconds', async () => {
    const strategy = strategyWith({ keySet: { maxStaleSeconds: 60, timeoutMs: 1000 } });
    const token = longLived();
    await remembered(strategy, token);
    issuer.fail();
    clock.advance(300 + 59);
    expect(await verifyOrError(strategy, token)).toHaveProperty('subject');
    clock.advance(2);
    expect(await verifyOrError(strategy, token)).toHaveProperty('reason', 'keys_unavailable');
  });
});

describe('the name of a remembered token is its whole text', () => {
  /** Order of P-256 (FIPS 186-4 §D.1.2.3). */
  const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

  /** (r, n − s) verifies wherever (r, s) does. */
  function malleated(token: string): string {
    const [header, payload, signature = ''] = token.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const s = N - BigInt(`0x${bytes.toString('hex', 32)}`);
    bytes.write(s.toString(16).padStart(64, '0'), 32, 'hex');
    return [header, payload, bytes.toString('base64url')].join('.');
  }

  it('a malleated ECDSA signature makes another token of it, which is verified itself', async () => {
    const strategy = strategyWith();
    const token = issuer.accessToken();
    const kept = await remembered(strategy, token);
    const verdict = await verifyOrError(strategy, malleated(token));

    expect(verdict).toEqual(kept);
    expect(verdict).not.toBe(kept);
  });

  it.each([
    ['with a foreign signature', ([h, p]: string[], [, , s]: string[]) => [h, p, s]],
    ['with its signature cut', ([h, p, s]: string[]) => [h, p, s?.slice(0, -2)]],
    ['with other claims', ([h, , s]: string[], [, p]: string[]) => [h, p, s]],
    ['with another header', ([, p, s]: string[], [h]: string[]) => [h, p, s]],
  ])('the token %s is refused', async (_name, mix) => {
    const strategy = strategyWith();
    const token = issuer.accessToken();
    await remembered(strategy, token);
    const signedBy = generateSigningKey('ES256');
    const foreign = issuer.accessToken({}, { signedBy, header: { x: 1 } });
    const mixed = mix(token.split('.'), foreign.split('.')).join('.');

    expect(await verifyOrError(strategy, mixed)).toHaveProperty('reason', 'bad_signature');
  });
});
