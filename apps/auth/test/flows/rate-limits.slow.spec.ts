import { CleanupJob, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase, StatementCounter } from '@gatehouse/persistence/testing';
import { ConfigurationError } from '@gatehouse/service-kit';
import { waitUntil } from '@gatehouse/service-kit/testing';
import { DataSource } from 'typeorm';
import { authConfig } from '../../src/auth.config.js';
import { hashToSlot } from '../../src/platform/rate-limit.service.js';
import { SharedRateLimiter } from '../../src/platform/shared-rate-limiter.js';
import { aClient, anAccount, TestBrowser } from '../support/test-browser.js';
import {
  ISSUER,
  TestAuth,
  type TestResponse,
  toBasicAuthorization,
  toDatabaseSettings,
} from '../support/test-auth.js';

const SECRET = 'a secret of a service, long enough';

describe('RATE_LIMITS', () => {
  it('enables default limits, overrides the named limits, and can turn all limits off', () => {
    expect(authConfig({}).RATE_LIMITS?.login).toEqual({ points: 300, seconds: 60 });
    const { RATE_LIMITS } = authConfig({ RATE_LIMITS: 'login=5/10, failed-login=1/2' });
    expect(RATE_LIMITS?.login).toEqual({ points: 5, seconds: 10 });
    expect(RATE_LIMITS?.['failed-login']).toEqual({ points: 1, seconds: 2 });
    expect(RATE_LIMITS?.token).toEqual({ points: 6000, seconds: 60 });
    expect(authConfig({ RATE_LIMITS: 'off' }).RATE_LIMITS).toBeUndefined();
    expect(authConfig({ RATE_LIMITS: 'false' }).RATE_LIMITS).toBeUndefined();
  });

  it.each(['logins=1/2', 'login=0/60', 'login=5', 'login=5/0', 'login=-1/60', '__proto__=1/2'])(
    'rejects "%s" when the server starts',
    (text) => {
      expect(() => authConfig({ RATE_LIMITS: text })).toThrow(ConfigurationError);
    },
  );
});

describe('the counters of anonymous requests', () => {
  it('uses a bounded number of counters that differ between servers', () => {
    const slots = (key: string) =>
      Array.from({ length: 100_000 }, (_, n) => hashToSlot(Buffer.from(key), `network ${n}`));
    const [one, other] = [slots('one'), slots('other')];
    expect(new Set(one).size).toBeLessThanOrEqual(65_536);
    expect(new Set(one).size).toBeGreaterThan(40_000);
    expect(one.filter((slot, n) => slot === other[n]).length).toBeLessThan(100);
  });
});

/** The address of the caller, as a proxy forwards it. */
const from = (address: string) => ({ 'x-forwarded-for': address });
const NET = '203.0.113.1';
const NEIGHBOUR = '203.0.113.200';
const ELSEWHERE = '198.51.100.1';

const token = (
  auth: TestAuth,
  parameters: Record<string, string>,
  headers = {},
): Promise<TestResponse> =>
  auth.send('/oauth/token', { method: 'POST', body: new URLSearchParams(parameters), headers });
const asService = (auth: TestAuth, id: string, { secret = SECRET, address = NET } = {}) =>
  token(
    auth,
    { grant_type: 'client_credentials' },
    { authorization: toBasicAuthorization(`${id}:${secret}`), ...from(address) },
  );
const asPublic = (auth: TestAuth, address: string) =>
  token(
    auth,
    { grant_type: 'refresh_token', client_id: 'gatehouse-first-party', refresh_token: 'x' },
    from(address),
  );
const login = (auth: TestAuth, address: string, headers = {}) =>
  auth.json(
    '/auth/login',
    { email: 'ada@example.org', password: 'not the password' },
    { ...from(address), ...headers },
  );

const times = async (n: number, ask: () => Promise<TestResponse>): Promise<number[]> => {
  const statuses: number[] = [];
  for (let done = 0; done < n; done += 1) statuses.push((await ask()).status);
  return statuses;
};

const expectTooMany = ({ status, headers, body }: TestResponse, maxSeconds: number) => {
  expect(status).toBe(429);
  expect(body['error']).toBe('temporarily_unavailable');
  expect(headers.get('cache-control')).toBe('no-store');
  const retryAfter = Number(headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThanOrEqual(1);
  expect(retryAfter).toBeLessThanOrEqual(maxSeconds);
};

eachDatabase('rate limits', (fresh, name) => {
  const start = async (RATE_LIMITS: string, at?: Record<string, string>): Promise<TestAuth> =>
    TestAuth.start({
      TRUST_PROXY: 'true',
      RATE_LIMITS,
      ...(at ?? toDatabaseSettings(await fresh())),
    });
  const aService = (auth: TestAuth, id: string) => auth.registerClient({ id, secret: SECRET });

  it('counts per network, and reports the remaining quota (draft-ietf-httpapi-ratelimit-headers-10)', async () => {
    const auth = await start('login=3/60');
    const first = await login(auth, NET);
    expect(first.headers.get('ratelimit-policy')).toBe('"login";q=3;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"login";r=2;t=(60|5\d)$/);
    expect(await times(2, () => login(auth, NEIGHBOUR))).toEqual([400, 400]);
    const refused = await login(auth, NET);
    expectTooMany(refused, 60);
    expect(refused.headers.get('ratelimit')).toMatch(/^"login";r=0;t=\d+$/);
    expect((await login(auth, ELSEWHERE)).status).toBe(400);
    await auth.stop();
  });

  it('resets a limit when its period is over', async () => {
    const auth = await start('login=1/4');
    // The server counts a request before it parses the body.
    const sendInvalid = () => auth.json('/auth/login', {}, from(NET));
    expect(await times(2, sendInvalid)).toEqual([400, 429]);
    await waitUntil(async () => (await sendInvalid()).status === 400);
    await auth.stop();
  });

  it('limits registrations', async () => {
    const auth = await start('registration=2/3600');
    let n = 0;
    const register = (address: string) =>
      auth.json(
        '/auth/register',
        { email: `p${(n += 1)}@example.org`, password: 'correct horse battery staple' },
        from(address),
      );
    expect(await times(2, () => register(NET))).toEqual([201, 201]);
    expectTooMany(await register(NET), 3600);
    expect((await register(ELSEWHERE)).status).toBe(201);
    await auth.stop();
  });

  it('counts a password change for the account as a login, because it hashes a password', async () => {
    const auth = await start('login=3/60');
    const { access_token } = await auth.createLogin({ resource: ISSUER });
    const { access_token: other } = await auth.createLogin({ resource: ISSUER });
    const change = (access_token: string) => {
      const words = { current_password: 'not the password', new_password: 'another good one' };
      const headers = { authorization: `Bearer ${access_token}`, ...from(NET) };
      return auth.json('/auth/password', words, headers);
    };
    expect(await times(3, () => change(access_token))).toEqual([400, 400, 400]);
    const { status, headers } = await change(access_token);
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([429, true]);
    // Another user of the network changes the password meanwhile.
    expect((await change(other)).status).toBe(400);
    expect((await login(auth, NET)).status).toBe(400);
    await auth.stop();
  });

  it('counts a consent decision as an authorization request, because it writes a row', async () => {
    const auth = await start('authorization=4/60');
    const browser = new TestBrowser(auth);
    await browser.signIn(await anAccount(auth));
    const page = await browser.authorize(await aClient(auth));
    const allow = () => browser.submit(page, { decision: 'allow' });
    expect(await times(3, allow)).toEqual([303, 303, 429]);
    await auth.stop();
  });

  it('counts public clients per network at all token endpoints', async () => {
    const auth = await start('token=3/60');
    await aService(auth, 'service');
    expect(await times(2, () => asPublic(auth, NET))).toEqual([400, 400]);
    const refresh = () => auth.json('/auth/refresh', { refresh_token: 'x' }, from(NET));
    expect((await refresh()).status).toBe(400);
    expectTooMany(await refresh(), 60);
    expectTooMany(await asPublic(auth, NET), 60);
    // A confidential client has a separate quota.
    expect((await asService(auth, 'service')).status).toBe(200);
    expect((await asPublic(auth, ELSEWHERE)).status).toBe(400);
    await auth.stop();
  });

  it('counts a confidential client over all addresses, and only its own requests', async () => {
    const auth = await start('client=3/60 introspection=1/60 failed-client=100/60');
    await aService(auth, 'one');
    await aService(auth, 'other');
    await times(10, () => asService(auth, 'one', { secret: 'wrong' }));
    await times(10, () => token(auth, { grant_type: 'refresh_token', client_id: 'one' }));
    expect(await times(2, () => asService(auth, 'one'))).toEqual([200, 200]);
    const last = await asService(auth, 'one', { address: ELSEWHERE });
    expect(last.headers.get('ratelimit')).toMatch(/^"client";r=0;t=\d+$/);
    expectTooMany(await asService(auth, 'one', { address: ELSEWHERE }), 60);
    expect((await asService(auth, 'other')).status).toBe(200);
    const introspect = () =>
      auth.send('/oauth/introspect', {
        method: 'POST',
        body: new URLSearchParams({ token: 'x' }),
        headers: { authorization: toBasicAuthorization(`one:${SECRET}`) },
      });
    expect((await introspect()).status).toBe(200);
    expectTooMany(await introspect(), 60);
    await auth.stop();
  });

  it('slows down an attacker who guesses a secret, and never the client with its secret (RFC 6749 §2.3.1)', async () => {
    const auth = await start('failed-client=3/60');
    await aService(auth, 'service');
    await aService(auth, 'other');
    const guesses = await times(5, () => asService(auth, 'service', { secret: 'guess' }));
    expect(guesses).toEqual([401, 401, 401, 429, 429]);
    expectTooMany(await asService(auth, 'service', { secret: 'guess' }), 60);
    expect(await times(3, () => asService(auth, 'service'))).toEqual([200, 200, 200]);
    expect((await asService(auth, 'service', { address: NEIGHBOUR })).status).toBe(200);
    expect((await asService(auth, 'other')).status).toBe(200);
    // An unknown client gets the same answers.
    expect(await times(5, () => asService(auth, 'unknown', { secret: 'guess' }))).toEqual(guesses);
    await auth.stop();
  });

  it('answers right requests of a public client after failures by another method from its network', async () => {
    const auth = await start('failed-client=3/60');
    const id = await aClient(auth);
    const byBasic = () =>
      token(
        auth,
        { grant_type: 'refresh_token', refresh_token: 'x' },
        { authorization: toBasicAuthorization(`${id}:x`), ...from(NET) },
      );
    expect(await times(5, byBasic)).toEqual([401, 401, 401, 429, 429]);
    const right = { grant_type: 'refresh_token', client_id: id, refresh_token: 'x' };
    expect((await token(auth, right, from(NET))).body['error']).toBe('invalid_grant');
    await auth.stop();
  });

  it('answers with a page at endpoints that return pages', async () => {
    const auth = await start('authorization=1/60');
    const authorize = () => auth.send('/oauth/authorize', { headers: from(NET) });
    expect((await authorize()).status).toBe(400);
    const { status, headers, text } = await authorize();
    expect(status).toBe(429);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(text).toContain('</html>');
    await auth.stop();
  });

  it('applies no limit to public metadata and to health checks', async () => {
    const auth = await start('login=1/60');
    for (const path of [
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
      '/oauth/status-lists/1',
      '/health/live',
    ]) {
      expect((await auth.send(path, {})).headers.get('ratelimit')).toBeNull();
    }
    await auth.stop();
  });

  it('shares a limit among replicas on PostgreSQL, except for the tenth that each replica counts locally', async () => {
    const auth = await start('token=40/60');
    const { DATABASE_URL, DATA_DIR } = auth.config;
    const replica =
      DATABASE_URL === undefined ? auth : await start('token=40/60', { DATABASE_URL, DATA_DIR });
    const statuses: number[] = [];
    for (let n = 0; n < 40; n += 1) {
      const answers = await Promise.all([asPublic(auth, NET), asPublic(replica, NET)]);
      statuses.push(...answers.map(({ status }) => status));
    }
    const admitted = statuses.filter((status) => status === 400).length;
    expect(admitted).toBeGreaterThanOrEqual(40);
    expect(admitted).toBeLessThanOrEqual(48);
    await Promise.all([auth.stop(), replica.stop()]);
  });

  if (name === 'SQLite') return;

  it('lets 50 requests share a report of a quota of 1000, and waits for none of them', async () => {
    const auth = await start('client=1000/60');
    await aService(auth, 'service');
    await asService(auth, 'service');
    const counter = new StatementCounter(auth.app.get(DataSource));
    const { texts } = await counter.during(() => times(200, () => asService(auth, 'service')));
    counter.stop();
    const reports = texts.filter((text) => text.includes('rate_limit'));
    expect(reports.length).toBeGreaterThanOrEqual(2);
    expect(reports.length).toBeLessThanOrEqual(4);
    await auth.stop();
  });

  it('admits at most two tenths more than the quota when two replicas get all requests at once', async () => {
    const auth = await start('client=100/60');
    const shared = auth.app.get(DataSource);
    const quota = { points: 100, seconds: 60 };
    const limiters = [1, 2].map(() => new SharedRateLimiter('client', quota, shared));
    const usages = await Promise.all(
      limiters.flatMap((limiter) => Array.from({ length: 150 }, () => limiter.consume('key'))),
    );
    const admitted = usages.filter(({ isOver }) => !isOver).length;
    expect(admitted).toBeGreaterThanOrEqual(100);
    expect(admitted).toBeLessThanOrEqual(120);
    expect((await limiters[0]?.consume('key'))?.isOver).toBe(true);
    await auth.stop();
  });

  it('counts within each process while the shared table is unavailable', async () => {
    const auth = await start('token=10/60');
    await auth.app.get(UnitOfWork).execute('ALTER TABLE rate_limit RENAME TO out_of_reach');
    const statuses = await times(12, () => asPublic(auth, NET));
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 400), 429, 429]);
    await auth.stop();
  });

  it('stores no address, and deletes rows after their period', async () => {
    const auth = await start('token=1/60 login=1/60');
    await Promise.all([asPublic(auth, NET), asPublic(auth, '2001:db8::7'), login(auth, NET)]);
    const unitOfWork = auth.app.get(UnitOfWork);
    const keys = async () =>
      (await unitOfWork.query<{ key: string }>('SELECT key FROM rate_limit')).map(({ key }) => key);
    expect((await keys()).length).toBe(3);
    expect((await keys()).filter((key) => !/^(token|login):\d{1,5}$/.test(key))).toEqual([]);
    await unitOfWork.execute('UPDATE rate_limit SET expire = 1');
    await auth.app.get(CleanupJob).run(new AbortController().signal);
    expect(await keys()).toEqual([]);
    await auth.stop();
  });
});

it('counts networks behind a proxy that adds the port of the client (RFC 7239 §6)', async () => {
  const auth = await TestAuth.start({ TRUST_PROXY: '1', RATE_LIMITS: 'login=1/60' });
  const statuses: number[] = [];
  for (let n = 0; n < 5; n += 1) {
    statuses.push((await login(auth, `10.${n}.0.1, 198.51.${n}.7:50012`)).status);
  }
  expect(statuses).toEqual([400, 400, 400, 400, 400]);
  expect((await login(auth, 'forged, 198.51.4.7:50013')).status).toBe(429);
});

it('logs a limit that is hit once a minute for each network, with the limit and the setting', async () => {
  const settings = { TRUST_PROXY: '1', LOG_LEVEL: 'warn', RATE_LIMITS: 'login=1/60' };
  const auth = await TestAuth.start(settings);
  await times(4, () => login(auth, NET));
  await times(4, () => login(auth, ELSEWHERE));
  const lines = auth.log.map((line) => JSON.parse(line)).filter(({ msg }) => /RATE_LIM/.test(msg));
  expect(lines.map(({ msg }) => msg)).toEqual([
    'The limit login=1/60 of RATE_LIMITS is used up for "203.0.113.0/24".',
    'The limit login=1/60 of RATE_LIMITS is used up for "198.51.100.0/24".',
  ]);
});

it('ignores a forwarded address from an untrusted client (ASVS 4.1.3)', async () => {
  const auth = await TestAuth.start({ RATE_LIMITS: 'login=2/60' });
  expect(await times(2, () => login(auth, NET))).toEqual([400, 400]);
  expect((await login(auth, ELSEWHERE, { forwarded: 'for=192.0.2.1' })).status).toBe(429);
});
