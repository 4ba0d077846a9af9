import { CleanupJob, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import fc from 'fast-check';
import {
  ACCOUNT_WINDOW,
  addFailure,
  calculateDelay,
  countFailures,
  LoginThrottleService,
  ORIGIN_WINDOW,
} from '../../src/accounts/login-throttle.service.js';
import { TooManyRequests } from '../../src/platform/oauth-error.js';
import { TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse, toDatabaseSettings } from '../support/test-auth.js';

const DAY = 86_400_000;

describe('the delay after failed logins', () => {
  it.each([
    [1, 0],
    [4, 0],
    [5, 1],
    [6, 2],
    [7, 4],
    [14, 512],
    [15, 900],
    [16, 900],
  ])('allows the attempt after %d failures in %d s', (failures, seconds) => {
    expect(calculateDelay(failures, 0)).toBe(seconds * 1000);
  });

  it.each([
    [1, 9, 0],
    [1, 39, 0],
    [1, 40, 1],
    [1, 100, 64],
    [4, 30, 4],
    [5, 100, 900],
  ])(
    'allows the attempt after %d own failures and %d of other origins in %d s',
    (own, elsewhere, seconds) => {
      expect(calculateDelay(own, elsewhere)).toBe(seconds * 1000);
    },
  );

  it('never exceeds 15 minutes, and never decreases with more failures', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 500 }),
        (own, elsewhere) => {
          const delay = calculateDelay(own, elsewhere);
          expect(delay).toBeLessThanOrEqual(900_000);
          expect(calculateDelay(own + 1, elsewhere)).toBeGreaterThanOrEqual(delay);
          expect(calculateDelay(own, elsewhere + 1)).toBeGreaterThanOrEqual(delay);
        },
      ),
    );
  });

  it('counts at most the maximum of failures, and none after the window', () => {
    const failures = fc.array(fc.integer({ min: 0, max: 3_600_000 }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(failures, fc.constantFrom(ORIGIN_WINDOW, ACCOUNT_WINDOW), (pauses, window) => {
        let [now, forgottenAt] = [DAY, 0];
        for (const pause of pauses) {
          now += pause;
          const before = countFailures(forgottenAt, now, window);
          forgottenAt = addFailure(forgottenAt, now, window);
          expect(countFailures(forgottenAt, now, window)).toBe(
            Math.min(before + 1, window.maxFailures),
          );
        }
        const end = now + window.maxFailures * window.decayMs;
        expect(countFailures(forgottenAt, end, window)).toBe(0);
      }),
    );
  });

  it('limits an attacker to about a hundred guesses a day', () => {
    let [now, forgottenAt, guesses] = [DAY, 0, 0];
    while (now < 2 * DAY) {
      forgottenAt = addFailure(forgottenAt, now, ORIGIN_WINDOW);
      guesses += 1;
      now += Math.max(1, calculateDelay(countFailures(forgottenAt, now, ORIGIN_WINDOW), 0));
    }
    expect(guesses).toBeGreaterThan(90);
    expect(guesses).toBeLessThan(120);
  });
});

eachDatabase('login throttling on two replicas', (fresh, name) => {
  let replicas: readonly TestAuth[];
  let accounts = 0;

  const start = async (more: Record<string, string> = {}) => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      LOGIN_DELAYS: 'true',
      TRUST_PROXY: 'true',
      FIRST_PARTY_SCOPE: 'photos:read photos:read:any',
      ...more,
    };
    return [await TestAuth.start(settings), await TestAuth.start(settings)] as const;
  };
  beforeAll(async () => {
    replicas = await start();
  });
  afterAll(() => Promise.all(replicas.map((auth) => auth.stop())));

  const replica = (n: number, servers = replicas): TestAuth => {
    const auth = servers[n % servers.length];
    if (!auth) throw new Error('no replica');
    return auth;
  };
  const advance = (seconds: number) => replicas.forEach(({ clock }) => clock.advance({ seconds }));
  const anAccount = async (servers = replicas): Promise<string> => {
    const email = `person-${(accounts += 1)}@example.org`;
    await replica(0, servers).register(email);
    return email;
  };

  interface Attempt {
    readonly from?: string;
    readonly password?: string;
    readonly cookie?: string;
  }
  let turns = 0;
  /** The replicas take turns. */
  const login = (
    email: string,
    { from = '203.0.113.7', password = PASSWORD, cookie }: Attempt = {},
    servers = replicas,
  ): Promise<TestResponse> =>
    replica((turns += 1), servers).json(
      '/auth/login',
      { email, password },
      { 'x-forwarded-for': from, ...(cookie !== undefined && { cookie }) },
    );
  const fail = (email: string, attempt: Attempt = {}, servers = replicas) =>
    login(email, { ...attempt, password: 'not the password' }, servers);
  const deviceOf = ({ headers }: TestResponse): string => {
    const cookie = headers.getSetCookie().find((each) => each.startsWith('known-device-3000='));
    return cookie?.split(';')[0] ?? '';
  };
  const failTimes = async (times: number, email: string, attempt: Attempt = {}) => {
    for (let n = 0; n < times; n += 1) await fail(email, attempt);
  };
  /** Fails once from each of many networks. It skips the password hashes to save time. */
  const failFromManyNetworks = async (email: string, times: number) => {
    const throttle = replica(0).app.get(LoginThrottleService);
    for (let n = 0; n < times; n += 1) {
      const origin = {
        network: `network ${n}`,
        widerNetwork: `wider network ${n}`,
        device: undefined,
      };
      await throttle.throttleLogin(email, origin, async () => ({ isValid: false }));
    }
  };

  it('delays the next attempt on both replicas, twice as long after each failure (ASVS 6.3.1)', async () => {
    const email = await anAccount();
    const delays: number[] = [];
    for (let n = 0; n < 17; n += 1) {
      const rejected = await fail(email);
      expect([rejected.status, rejected.body['error']]).toEqual([400, 'invalid_grant']);
      const next = await login(email, { password: 'the next guess' });
      if (next.status !== 429) continue;
      expect(next.body['error']).toBe('temporarily_unavailable');
      delays.push(Number(next.headers.get('retry-after')));
      advance(delays.at(-1) ?? 0);
    }
    // The first failure decays during the delay of 512 s, so this delay comes twice.
    const growing = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    expect(delays).toEqual([...growing, 512, 900, 900, 900, 900]);
  });

  it('rejects the correct password during the delay, and accepts it afterwards', async () => {
    const email = await anAccount();
    await failTimes(6, email);
    advance(1);
    await fail(email);
    expect((await login(email)).status).toBe(429);
    advance(2);
    expect((await login(email)).status).toBe(200);
    // The success resets the count.
    expect((await fail(email)).status).toBe(400);
    expect((await login(email)).status).toBe(200);
  });

  it('gives the same answers for an account that does not exist', async () => {
    const answers = async (email: string) => {
      const seen: unknown[] = [];
      for (let n = 0; n < 8; n += 1) {
        const { status, text, headers } = await fail(email, { from: '198.51.100.1' });
        seen.push([status, text, headers.get('retry-after')]);
      }
      return seen;
    };
    const email = await anAccount();
    expect(await answers(email)).toEqual(await answers('unknown@example.org'));
  });

  it('does not lock the owner out of other networks or known devices', async () => {
    const email = await anAccount();
    const device = deviceOf(await login(email));
    await failTimes(8, email);
    const elsewhere = { from: '192.0.2.9' };
    expect((await login(email)).status).toBe(429);
    expect((await login(email, elsewhere)).status).toBe(200);
    expect((await login(email, { cookie: device })).status).toBe(200);
    // The device has a separate count.
    await failTimes(6, email, { cookie: device });
    expect((await login(email, { cookie: device })).status).toBe(429);
    expect((await login(email, elsewhere)).status).toBe(200);
  });

  it('recognizes a device only by a valid cookie for the account', async () => {
    const [email, other] = [await anAccount(), await anAccount()];
    const own = deviceOf(await login(email));
    const foreign = deviceOf(await login(other));
    const both = deviceOf(await login(other, { cookie: own }));
    await failTimes(5, email);
    const statusWith = async (cookie: string) => (await login(email, { cookie })).status;
    const last = own.at(-1) === 'A' ? 'E' : 'A';
    for (const cookie of [
      foreign,
      `${own.slice(0, -1)}${last}`,
      'known-device-3000=',
      `${own}.${own}`,
    ]) {
      expect(await statusWith(cookie)).toBe(429);
    }
    expect(await statusWith(both)).toBe(200);
  });

  it('delays origins that failed, and longer if many other networks failed too', async () => {
    const email = await anAccount();
    await failFromManyNetworks(email, 120);
    expect((await login(email, { from: '192.0.2.1' })).status).toBe(200);
    expect((await fail(email, { from: '192.0.3.1' })).status).toBe(400);
    const delayed = await login(email, { from: '192.0.3.1' });
    expect([delayed.status, delayed.headers.get('retry-after')]).toEqual([429, '64']);
    advance(64);
    expect((await login(email, { from: '192.0.3.1' })).status).toBe(200);
  });

  it('checks at most five of forty parallel guesses', async () => {
    const email = await anAccount();
    const guesses = await Promise.all(Array.from({ length: 40 }, () => fail(email)));
    const statuses = guesses.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 429 && status !== 400)).toEqual([]);
    expect(statuses.filter((status) => status === 400).length).toBeLessThanOrEqual(5);
  });

  it('does not count an attempt whose password check did not finish', async () => {
    const email = await anAccount();
    const throttle = replica(0).app.get(LoginThrottleService);
    const origin = { network: '203.0.113.0/24', widerNetwork: '203.0.0.0/16', device: undefined };
    for (let n = 0; n < 10; n += 1) {
      const broken = throttle.throttleLogin(email, origin, () =>
        Promise.reject(new Error('no answer')),
      );
      await expect(broken).rejects.toThrow('no answer');
    }
    await failTimes(3, email);
    for (let n = 0; n < 10; n += 1) {
      const broken = throttle.throttleLogin(email, origin, () =>
        Promise.reject(new Error('no answer')),
      );
      await expect(broken).rejects.toThrow('no answer');
    }
    expect((await login(email)).status).toBe(200);
  });

  it('does not count a correct password whose scope needs a role that the account lacks', async () => {
    const email = await anAccount();
    for (let n = 0; n < 6; n += 1) {
      const request = { email, password: PASSWORD, scope: 'photos:read:any' };
      const refused = await replica(n).json('/auth/login', request);
      expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_scope']);
    }
  });

  it('delays password confirmations by session (ASVS 6.2.3)', async () => {
    const throttle = replica(0).app.get(LoginThrottleService);
    const wrong = (session: string) =>
      throttle.throttleConfirmation('acct_x', session, async () => ({ isValid: false }));
    for (let n = 0; n < 5; n += 1) await wrong('one');
    await expect(wrong('one')).rejects.toThrow(TooManyRequests);
    expect(await wrong('other')).toEqual({ result: { isValid: false } });
  });

  it('records a delay as a security event without the account', async () => {
    const email = await anAccount();
    await failTimes(6, email);
    const events = await replica(0)
      .app.get(UnitOfWork)
      .query(`SELECT account_id, detail FROM security_event WHERE type = 'login.delayed'`);
    expect(events).toContainEqual({ account_id: null, detail: '{}' });
  });

  it('stores neither IP address nor e-mail, and deletes counts that have decayed', async () => {
    const unitOfWork = replica(0).app.get(UnitOfWork);
    const cleanup = replica(0).app.get(CleanupJob);
    const keys = async () =>
      (await unitOfWork.query<{ key: string }>('SELECT key FROM login_attempt')).map(
        ({ key }) => key,
      );
    await fail(await anAccount());
    const stored = await keys();
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.filter((key) => !/^[\w-]{43}$/.test(key))).toEqual([]);
    advance(86_400);
    await cleanup.run(new AbortController().signal);
    expect(await keys()).toEqual([]);
  });

  describe('password spraying from one network', () => {
    let sprayed: readonly TestAuth[];
    beforeAll(async () => {
      const [one, other] = await start({
        RATE_LIMITS: 'failed-login=4/600 failed-login-nearby=12/600',
      });
      // With SQLite, each process has a separate count.
      sprayed = name === 'PostgreSQL' ? [one, other] : [one];
    });
    afterAll(() => Promise.all(sprayed.map((auth) => auth.stop())));

    it('answers 429 on each replica beyond the limit, except to known devices', async () => {
      const email = await anAccount(sprayed);
      const from = '198.51.100.77';
      const device = deviceOf(await login(email, { from }, sprayed));
      const statuses: number[] = [];
      for (let n = 0; n < 14; n += 1) {
        statuses.push((await fail(`person-${n}@example.net`, { from }, sprayed)).status);
      }
      // One more for each replica, because a replica sees the count of the others when it counts.
      expect(statuses.filter((status) => status === 400).length).toBeLessThanOrEqual(6);
      expect(statuses.slice(-6)).toEqual(Array.from({ length: 6 }, () => 429));
      expect((await login(email, { from }, sprayed)).status).toBe(429);
      expect((await login(email, { from, cookie: device }, sprayed)).status).toBe(200);
      expect((await login(email, { from: '198.51.99.1' }, sprayed)).status).toBe(200);
    });

    it('answers 429 to the wider network beyond a higher limit', async () => {
      const statuses = new Set<number>();
      for (let n = 0; n < 20; n += 1) {
        statuses.add((await fail(`p${n}@example.net`, { from: `192.0.${n}.1` }, sprayed)).status);
      }
      expect(statuses).toEqual(new Set([400, 429]));
      expect((await fail('p@example.net', { from: '192.0.200.1' }, sprayed)).status).toBe(429);
      expect((await fail('p@example.net', { from: '192.1.0.1' }, sprayed)).status).toBe(400);
    });
  });
});

it('counts failed logins of the page and of the API together, and the page shows the delay', async () => {
  const auth = await TestAuth.start({ LOGIN_DELAYS: 'true' });
  const email = 'ada@example.org';
  await auth.register(email);
  const [attacker, owner] = [new TestBrowser(auth), new TestBrowser(auth)];
  const submit = async (browser: TestBrowser, password = PASSWORD) =>
    browser.submit(await browser.open('/login'), { login: email, password });
  expect((await submit(owner)).status).toBe(303);
  await owner.open('/login');
  const wrong = { password: 'not the password' };
  for (let n = 0; n < 5; n += 1) {
    const failed = n % 2 ? auth.login(email, wrong) : submit(attacker, wrong.password);
    expect((await failed).status).toBe(400);
  }
  expect((await auth.login(email)).status).toBe(429);
  const delayed = await submit(attacker);
  expect(delayed.status).toBe(429);
  expect(delayed.headers.get('retry-after')).toBe('1');
  expect(delayed.headers.get('content-type')).toMatch(/^text\/html/);
  // The owner's browser has the known-device cookie, so it is not delayed.
  owner.deleteCookie('session-3000');
  expect((await submit(owner)).status).toBe(303);
});

it('ignores forwarded addresses without a trusted proxy (ASVS 4.1.3)', async () => {
  const auth = await TestAuth.start({ LOGIN_DELAYS: 'true' });
  const fail = (n: number) =>
    auth.json(
      '/auth/login',
      { email: 'a@example.org', password: 'not the password' },
      { 'x-forwarded-for': `203.0.${n}.1`, forwarded: `for=203.0.${n}.1` },
    );
  for (let n = 0; n < 5; n += 1) await fail(n);
  expect((await fail(6)).status).toBe(429);
});
