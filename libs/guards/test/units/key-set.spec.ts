import { setTimeout } from 'node:timers/promises';
import type { KeySetOptions } from '../../src/index.js';
import type { KeySet } from '../../src/core/key-set.js';
import { TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';
import { aKeySet } from '../support/factories.js';

let issuer: TestIssuer;
let clock: TestClock;

beforeEach(async () => {
  issuer = await TestIssuer.start();
  clock = new TestClock();
});
afterEach(() => issuer.close());

function keySet(options: KeySetOptions = {}): KeySet {
  return aKeySet({ ...issuer.options, ...clock.options, keySet: { timeoutMs: 1500, ...options } });
}

const signingKid = () => issuer.signingKey.kid;

describe('unknown key identifier', () => {
  it('fetches the key set once per cooldown, also in a flood of unknown keys', async () => {
    const keys = keySet();
    await keys.ready();
    clock.advance({ seconds: 11 });

    const flood = Array.from({ length: 1000 }, (_, i) => keys.find(`random-${i}`));
    expect(new Set(await Promise.all(flood))).toEqual(new Set([undefined]));
    expect(issuer.fetches).toBe(2);
    for (let i = 0; i < 100; i += 1) await keys.find(`another-${i}`);
    expect(issuer.fetches).toBe(2);
  });

  it('returns a known key without delay while the fetch for an unknown one stalls', async () => {
    const keys = keySet({ timeoutMs: 30_000 });
    await keys.ready();
    clock.advance({ seconds: 11 });
    issuer.stall();
    const pending = keys.find('random').catch((error: unknown) => error);

    expect(await keys.find(signingKid())).toBeDefined();
    await issuer.close();
    expect(await pending).toHaveProperty('code', 'keys_unavailable');
    issuer = await TestIssuer.start();
  });

  it('finds a rotated key after at most one cooldown', async () => {
    const keys = keySet({ cooldownSeconds: 10 });
    await keys.ready();
    clock.advance({ seconds: 10 });
    await keys.find('random');
    const { kid } = issuer.rotate();

    expect(await keys.find(kid)).toBeUndefined();
    clock.advance({ seconds: 10 });
    expect(await keys.find(kid)).toBeDefined();
  });
});

describe('lifetime of a key set', () => {
  it('fetches the key set once for all waiting requests', async () => {
    const keys = keySet();
    await Promise.all(Array.from({ length: 50 }, () => keys.find(signingKid())));
    expect(issuer.fetches).toBe(1);
  });

  it('forgets a removed key when the set expires', async () => {
    const keys = keySet();
    const old = signingKid();
    await keys.ready();
    issuer.rotate();
    issuer.removeKey(old);

    clock.advance({ seconds: 299 });
    expect(await keys.find(old)).toBeDefined();
    clock.advance({ seconds: 2 });
    expect(await keys.find(old)).toBeUndefined();
  });

  it('refreshes the key set in the background before it expires', async () => {
    const keys = keySet();
    await keys.ready();
    clock.advance({ seconds: 230 });
    issuer.stall();

    expect(await keys.find(signingKid())).toBeDefined();
    expect(issuer.fetches).toBe(1); // The call did not wait for the background fetch …
    while (issuer.fetches === 1) await setTimeout(5); // … which arrives later.
  });

  it('fetches at once, without a request, when another source shows that the keys have changed', async () => {
    const keys = keySet({ cooldownSeconds: 10 });
    await keys.ready();
    const { kid } = issuer.rotate();
    clock.advance({ seconds: 10 });

    keys.refreshSoon();
    while (issuer.fetches === 1) await setTimeout(5);
    issuer.fail();
    expect(await keys.find(kid)).toBeDefined();
  });

  it('names the failed request as the cause when no key set can be fetched', async () => {
    issuer.answer((_request, response) => response.writeHead(500).end());
    await expect(keySet().ready()).rejects.toMatchObject({
      code: 'keys_unavailable',
      cause: { message: expect.stringContaining('500') },
    });
  });

  it.each([
    ['max-age=60', 60],
    ['public, max-age=120, must-revalidate', 120],
    ['max-age=1', 10],
    ['max-age=86400', 600],
    ['no-store', 10],
    ['', 300],
  ])(
    'follows Cache-Control "%s" within its bounds: %i s (RFC 9111 §5.2.2)',
    async (header, seconds) => {
      const { publicJwk, kid } = issuer.signingKey;
      issuer.answer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'cache-control': header });
        response.end(JSON.stringify({ keys: [publicJwk] }));
      });
      const keys = keySet({ maxStaleSeconds: 0 });
      await keys.ready();
      issuer.fail();

      clock.advance({ seconds: seconds - 0.1 });
      expect(await keys.find(kid)).toBeDefined();
      clock.advance({ seconds: 0.2 });
      await expect(keys.find(kid)).rejects.toHaveProperty('code', 'keys_unavailable');
    },
  );
});
