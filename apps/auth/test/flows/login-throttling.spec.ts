import { CleanupJob, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import fc from 'fast-check';
import {
  ACCOUNT_WINDOW,
  addFailure,
  calculateDelay,
  countFailures,
  ORIGIN_WINDOW,
} from '../../src/accounts/login-delay.js';
import { LoginThrottleService } from '../../src/accounts/login-throttle.service.js';
import { TooManyRequests } from '../../src/platform/too-many-requests.js';
import { TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse, toDatabaseSettings } from '../support/test-auth.js';

const DAY = 86_400_000;

describe('the wait after a failed login', () => {
  it.each([
    [1, 0],
    [4, 0],
    [5, 1],
    [6, 2],
    [7, 4],
    [14, 512],
    [15, 900],
    [16, 900],
  ])('after %d failures is %d s', (failures, seconds) => {
    expect(calculateDelay(failures, 0)).toBe(seconds * 1000);
  });

  it.each([
    [1, 9, 0],
    [1, 39, 0],
    [1, 40, 1],
    [1, 100, 64],
    [4, 30, 4],
    [5, 100, 900],
  ])('after %d of one’s own and %d of others is %d s', (own, anywhere, seconds) => {
    expect(calculateDelay(own, anywhere)).toBe(seconds * 1000);
  });

  it('never is longer than a quarter of an hour, and never shorter than after less', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 500 }),
        (own, all) => {
          const wait = calculateDelay(own, all);
          expect(wait).toBeLessThanOrEqual(900_000);
          expect(calculateDelay(own + 1, all)).toBeGreaterThanOrEqual(wait);
          expect(calculateDelay(own, all + 1)).toBeGreaterThanOrEqual(wait);
        },
      ),
    );
  });

  it('is forgotten, however many failures there were', () => {
    const failures = fc.array(fc.integer({ min: 0, max: 3_600_000 }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(failures, fc.constantFrom(ORIGIN_WINDOW, ACCOUNT_WINDOW), (pauses, fading) => {
        let [now, forgottenAt] = [DAY, 0];
        for (const pause of pauses) {
          now += pause;
          const before = countFailures(forgottenAt, now, fading);
          forgottenAt = addFailure(forgottenAt, now, fading);
          expect(countFailures(forgottenAt, now, fading)).toBe(
            Math.min(before + 1, fading.maxFailures),
          );
        }
        const end = now + fading.maxFailures * fading.decayMs;
        expect(countFailures(forgottenAt, end, fading)).toBe(0);
      }),
    );
  });

  it('leaves somebody who guesses as early as they may about a hundred guesses a day', () => {
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

eachDatabase('failed logins, counted by two replicas', (fresh, name) => {
  let replicas: readonly TestAuth[];
  let made = 0;

  const start = async (more: Record<string, string> = {}) => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      LOGIN_DELAYS: 'true',
      TRUST_PROXY: 'true',
      ...more,
    };
    return [await TestAuth.start(settings), await TestAuth.start(settings)] as const;
  };
  beforeAll(async () => {
    replicas = await start();
  });
  afterAll(() => Promise.all(replicas.map((auth) => auth.stop())));

  const on = (n: number, among = replicas): TestAuth => {
    const auth = among[n % among.length];
    if (!auth) throw new Error('no replica');
    return auth;
  };
  const advance = (seconds: number) => replicas.forEach(({ clock }) => clock.advance({ seconds }));
  const anAccount = async (among = replicas): Promise<string> => {
    const email = `person-${(made += 1)}@example.org`;
    await on(0, among).register(email);
    return email;
  };

  interface Attempt {
    readonly from?: string;
    readonly password?: string;
    readonly cookie?: string;
  }
  let turns = 0;
  /** By one replica and the other in turn. */
  const login = (
    email: string,
    { from = '203.0.113.7', password = PASSWORD, cookie }: Attempt = {},
    among = replicas,
  ): Promise<TestResponse> =>
    on((turns += 1), among).json(
      '/auth/login',
      { email, password },
      { 'x-forwarded-for': from, ...(cookie !== undefined && { cookie }) },
    );
  const fail = (email: string, attempt: Attempt = {}, among = replicas) =>
    login(email, { ...attempt, password: 'not the password' }, among);
  const deviceOf = ({ headers }: TestResponse): string => {
    const cookie = headers.getSetCookie().find((each) => each.startsWith('known-device='));
    return cookie?.split(';')[0] ?? '';
  };
  const failTimes = async (times: number, email: string, attempt: Attempt = {}) => {
    for (let n = 0; n < times; n += 1) await fail(email, attempt);
  };
  /** Without the hashing of passwords: many, from as many networks. */
  const strangersFail = async (email: string, times: number) => {
    const attempts = on(0).app.get(LoginThrottleService);
    for (let n = 0; n < times; n += 1) {
      const origin = { network: `stranger ${n}`, surroundings: `around ${n}`, device: undefined };
      await attempts.throttleLogin(email, origin, async () => ({ isGood: false }));
    }
  };

  it('make the next one wait, twice as long each time, whoever of the replicas is asked (ASVS 6.3.1)', async () => {
    const email = await anAccount();
    const waits: number[] = [];
    for (let n = 0; n < 17; n += 1) {
      const refused = await fail(email);
      expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_grant']);
      const next = await login(email, { password: 'the next guess' });
      if (next.status !== 429) continue;
      expect(next.body['error']).toBe('temporarily_unavailable');
      waits.push(Number(next.headers.get('retry-after')));
      advance(waits.at(-1) ?? 0);
    }
    // During the ninth minute of waiting the first failure is forgotten, once.
    const growing = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    expect(waits).toEqual([...growing, 512, 900, 900, 900, 900]);
  });

  it('let in nobody during the wait, and whoever knows the password after it', async () => {
    const email = await anAccount();
    await failTimes(6, email);
    advance(1);
    await fail(email);
    expect((await login(email)).status).toBe(429);
    advance(2);
    expect((await login(email)).status).toBe(200);
    // What came before is forgotten with it.
    expect((await fail(email)).status).toBe(400);
    expect((await login(email)).status).toBe(200);
  });

  it('are the same for an account that is not there, in every answer', async () => {
    const answers = async (email: string) => {
      const seen: unknown[] = [];
      for (let n = 0; n < 8; n += 1) {
        const { status, text, headers } = await fail(email, { from: '198.51.100.1' });
        seen.push([status, text, headers.get('retry-after')]);
      }
      return seen;
    };
    const email = await anAccount();
    expect(await answers(email)).toEqual(await answers('nobody@example.org'));
  });

  it('of a stranger keep the owner out neither elsewhere nor on a device that was here before', async () => {
    const email = await anAccount();
    const device = deviceOf(await login(email));
    await failTimes(8, email);
    const otherwise = { from: '192.0.2.9' };
    expect((await login(email)).status).toBe(429);
    expect((await login(email, otherwise)).status).toBe(200);
    expect((await login(email, { cookie: device })).status).toBe(200);
    // The device has a count of its own.
    await failTimes(6, email, { cookie: device });
    expect((await login(email, { cookie: device })).status).toBe(429);
    expect((await login(email, otherwise)).status).toBe(200);
  });

  it('count for the device only where this server said that it was here before', async () => {
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
      'known-device=',
      `${own}.${own}`,
    ]) {
      expect(await statusWith(cookie)).toBe(429);
    }
    expect(await statusWith(both)).toBe(200);
  });

  it('from everywhere delay nobody who has not failed, and more who has', async () => {
    const email = await anAccount();
    await strangersFail(email, 120);
    expect((await login(email, { from: '192.0.2.1' })).status).toBe(200);
    expect((await fail(email, { from: '192.0.3.1' })).status).toBe(400);
    const delayed = await login(email, { from: '192.0.3.1' });
    expect([delayed.status, delayed.headers.get('retry-after')]).toEqual([429, '64']);
    advance(64);
    expect((await login(email, { from: '192.0.3.1' })).status).toBe(200);
  });

  it('are counted before they are made: of forty guesses at once five are looked at', async () => {
    const email = await anAccount();
    const guesses = await Promise.all(Array.from({ length: 40 }, () => fail(email)));
    const statuses = guesses.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 429 && status !== 400)).toEqual([]);
    expect(statuses.filter((status) => status === 400).length).toBeLessThanOrEqual(5);
  });

  it('are none where nothing was looked at', async () => {
    const email = await anAccount();
    const attempts = on(0).app.get(LoginThrottleService);
    const origin = { network: '203.0.113.0/24', surroundings: '203.0.0.0/16', device: undefined };
    for (let n = 0; n < 10; n += 1) {
      const broken = attempts.throttleLogin(email, origin, () =>
        Promise.reject(new Error('no answer')),
      );
      await expect(broken).rejects.toThrow('no answer');
    }
    await failTimes(3, email);
    for (let n = 0; n < 10; n += 1) {
      const broken = attempts.throttleLogin(email, origin, () =>
        Promise.reject(new Error('no answer')),
      );
      await expect(broken).rejects.toThrow('no answer');
    }
    expect((await login(email)).status).toBe(200);
  });

  it('of a confirmation count for the session that asks (ASVS 6.2.3)', async () => {
    const attempts = on(0).app.get(LoginThrottleService);
    const wrong = (session: string) =>
      attempts.throttleConfirmation('acct_x', session, async () => ({ isGood: false }));
    for (let n = 0; n < 5; n += 1) await wrong('one');
    await expect(wrong('one')).rejects.toThrow(TooManyRequests);
    expect(await wrong('other')).toEqual({ isGood: false });
  });

  it('are told as events, without saying of whom', async () => {
    const email = await anAccount();
    await failTimes(6, email);
    const events = await on(0)
      .app.get(UnitOfWork)
      .query(`SELECT account_id, detail FROM security_event WHERE type = 'login.delayed'`);
    expect(events).toContainEqual({ account_id: null, detail: '{}' });
  });

  it('are stored without address and e-mail, and cleared when they are forgotten', async () => {
    const { unitOfWork, janitor } = {
      unitOfWork: on(0).app.get(UnitOfWork),
      janitor: on(0).app.get(CleanupJob),
    };
    const keys = async () =>
      (await unitOfWork.query<{ key: string }>('SELECT key FROM login_attempt')).map(
        ({ key }) => key,
      );
    await fail(await anAccount());
    const stored = await keys();
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.filter((key) => !/^[\w-]{43}$/.test(key))).toEqual([]);
    advance(86_400);
    await janitor.run(new AbortController().signal);
    expect(await keys()).toEqual([]);
  });

  describe('of many accounts from one network (password spraying)', () => {
    let sprayed: readonly TestAuth[];
    beforeAll(async () => {
      const [one, other] = await start({
        RATE_LIMITS: 'failed-login=4/600 failed-login-nearby=12/600',
      });
      // On SQLite a process counts these for itself.
      sprayed = name === 'PostgreSQL' ? [one, other] : [one];
    });
    afterAll(() => Promise.all(sprayed.map((auth) => auth.stop())));

    it('are refused past the bound, on each replica, but not devices that were here before', async () => {
      const email = await anAccount(sprayed);
      const from = '198.51.100.77';
      const device = deviceOf(await login(email, { from }, sprayed));
      const statuses: number[] = [];
      for (let n = 0; n < 14; n += 1) {
        statuses.push((await fail(`person-${n}@example.net`, { from }, sprayed)).status);
      }
      // One more for each replica, which learns of the others when it counts.
      expect(statuses.filter((status) => status === 400).length).toBeLessThanOrEqual(6);
      expect(statuses.slice(-6)).toEqual(Array.from({ length: 6 }, () => 429));
      expect((await login(email, { from }, sprayed)).status).toBe(429);
      expect((await login(email, { from, cookie: device }, sprayed)).status).toBe(200);
      expect((await login(email, { from: '198.51.99.1' }, sprayed)).status).toBe(200);
    });

    it('are refused for what is around the network past a wider bound', async () => {
      const refused = new Set<number>();
      for (let n = 0; n < 20; n += 1) {
        refused.add((await fail(`p${n}@example.net`, { from: `192.0.${n}.1` }, sprayed)).status);
      }
      expect(refused).toEqual(new Set([400, 429]));
      expect((await fail('p@example.net', { from: '192.0.200.1' }, sprayed)).status).toBe(429);
      expect((await fail('p@example.net', { from: '192.1.0.1' }, sprayed)).status).toBe(400);
    });
  });
});

it('failed logins of a page and of a program are counted together, and a page tells to wait', async () => {
  const auth = await TestAuth.start({ LOGIN_DELAYS: 'true' });
  const email = 'ada@example.org';
  await auth.register(email);
  const [stranger, own] = [new TestBrowser(auth), new TestBrowser(auth)];
  const enter = async (browser: TestBrowser, password = PASSWORD) =>
    browser.submit(await browser.open('/login'), { login: email, password });
  expect((await enter(own)).status).toBe(303);
  await own.open('/login');
  const wrong = { password: 'not the password' };
  for (let n = 0; n < 5; n += 1) {
    const failed = n % 2 ? auth.login(email, wrong) : enter(stranger, wrong.password);
    expect((await failed).status).toBe(400);
  }
  expect((await auth.login(email)).status).toBe(429);
  const delayed = await enter(stranger);
  expect(delayed.status).toBe(429);
  expect(delayed.headers.get('retry-after')).toBe('1');
  expect(delayed.headers.get('content-type')).toMatch(/^text\/html/);
  // The browser that was here before has its cookie, and is let in.
  own.deleteCookie('session');
  expect((await enter(own)).status).toBe(303);
});

it('an address that a client makes up changes nothing without a proxy (ASVS 4.1.3)', async () => {
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
