import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { UnitOfWork } from '@gatehouse/persistence';
import { InvitationService } from '../../src/accounts/invitation.service.js';
import { aClient, anAccount, CALLBACK, TestBrowser, VERIFIER } from '../support/test-browser.js';
import { aSession } from '../support/factories.js';
import {
  PASSWORD,
  TestAuth,
  type TestResponse,
  toBasicAuthorization,
  toDatabaseSettings,
} from '../support/test-auth.js';

const SECRET = 'a secret of a service, long enough';
const NET = '203.0.113.1';
const from = (address: string) => ({ 'x-forwarded-for': address });

interface Sender {
  readonly body?: Record<string, string>;
  readonly headers?: Record<string, string>;
}
const post = (auth: TestAuth, path: string, { body = {}, headers = {} }: Sender) =>
  auth.send(path, {
    method: 'POST',
    body: new URLSearchParams(body),
    headers: { ...from(NET), ...headers },
  });
const basic = (id: string) => ({ authorization: toBasicAuthorization(`${id}:${SECRET}`) });

/** The statuses of requests that follow each other, with their numbers. */
async function sendTimes(n: number, send: (n: number) => Promise<TestResponse>) {
  const statuses: number[] = [];
  for (let done = 0; done < n; done += 1) statuses.push((await send(done)).status);
  return statuses;
}

eachDatabase('a limit that a stranger uses up', (fresh) => {
  const start = async (RATE_LIMITS: string, more: Record<string, string> = {}) =>
    TestAuth.start({
      TRUST_PROXY: 'true',
      RATE_LIMITS,
      ...toDatabaseSettings(await fresh()),
      ...more,
    });
  const anApplication = (auth: TestAuth, more = {}) =>
    aClient(auth, {
      secret: SECRET,
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
      ...more,
    });
  const signedIn = async (auth: TestAuth, clientId: string) => {
    const browser = new TestBrowser(auth);
    const account = await anAccount(auth);
    await browser.signIn(account);
    await browser.grantConsent(account, clientId);
    return browser;
  };
  const codeOf = (code: string, redirectUri = CALLBACK) => ({
    grant_type: 'authorization_code',
    code,
    code_verifier: VERIFIER,
    redirect_uri: redirectUri,
  });

  it('redeems a code after any number of made-up codes with the right secret (RFC 6749 §4.1.3)', async () => {
    const auth = await start('client=5/60 failed-client=5/60');
    const id = await anApplication(auth);
    const browser = await signedIn(auth, id);
    const headers = basic(id);
    const madeUp = await sendTimes(31, (n) =>
      post(auth, '/oauth/token', { body: codeOf(`made-up-${n}`), headers }),
    );
    expect(new Set(madeUp)).toEqual(new Set([400, 429]));
    // `/callback?code=` of an application becomes a request with an empty code.
    await sendTimes(6, () => post(auth, '/oauth/token', { body: codeOf(''), headers }));
    const code = await browser.obtainCode(id, { scope: 'openid offline_access photos:read' });
    const answer = await post(auth, '/oauth/token', { body: codeOf(code), headers });
    expect(answer.status).toBe(200);
    const refresh = {
      grant_type: 'refresh_token',
      refresh_token: answer.body['refresh_token'] ?? '',
    };
    expect((await post(auth, '/oauth/token', { body: refresh, headers })).status).toBe(200);
    const own = { grant_type: 'client_credentials', scope: 'photos:read' };
    expect((await post(auth, '/oauth/token', { body: own, headers })).status).toBe(200);
    await auth.stop();
  });

  it('answers a right Basic secret after 31 unknown refresh tokens', async () => {
    const auth = await start('client=5/60');
    const id = await anApplication(auth, { authMethod: 'client_secret_post' });
    const inBody = { client_id: id, client_secret: SECRET };
    await sendTimes(31, () =>
      post(auth, '/oauth/token', {
        body: { grant_type: 'refresh_token', refresh_token: 'x', ...inBody },
      }),
    );
    const right = { grant_type: 'client_credentials', scope: 'photos:read', ...inBody };
    expect((await post(auth, '/oauth/token', { body: right })).status).toBe(200);
    await auth.stop();
  });

  it('answers a right Basic secret after 31 right secrets in the body with unknown refresh tokens', async () => {
    const auth = await start('client=5/60 failed-client=5/60');
    const id = await anApplication(auth);
    const inBody = { client_id: id, client_secret: SECRET };
    const unknown = { grant_type: 'refresh_token', refresh_token: 'x', ...inBody };
    const statuses = await sendTimes(31, () => post(auth, '/oauth/token', { body: unknown }));
    // A right secret in the other place is no failed authentication (RFC 6749 §2.3.1).
    expect(statuses.slice(0, 5)).toEqual([400, 400, 400, 400, 400]);
    expect(new Set(statuses)).toEqual(new Set([400, 429]));
    const body = { grant_type: 'client_credentials', scope: 'photos:read' };
    const answer = await post(auth, '/oauth/token', { body, headers: basic(id) });
    expect(answer.status).toBe(200);
    await auth.stop();
  });

  it('counts each session of a client apart, so that one user exhausts no other', async () => {
    const auth = await start('client=3/60 token=3/60');
    const confidential = await anApplication(auth);
    const spa = await aClient(auth);
    for (const [id, headers] of [
      [confidential, basic(confidential)],
      [spa, {}],
    ] as const) {
      const refresh = async (refresh_token: string) => {
        const body = { grant_type: 'refresh_token', refresh_token, client_id: id };
        return post(auth, '/oauth/token', { body, headers });
      };
      let greedy = await aSession(auth, id);
      const modest = await aSession(auth, id);
      const statuses = await sendTimes(4, async () => {
        const answer = await refresh(greedy);
        greedy = answer.body['refresh_token'] ?? greedy;
        return answer;
      });
      expect(statuses).toEqual([200, 200, 200, 429]);
      expect((await refresh(modest)).status).toBe(200);
    }
    await auth.stop();
  });

  it('refreshes, redeems and revokes in a network whose neighbours send made-up tokens', async () => {
    const auth = await start('token=3/60');
    const id = await aClient(auth);
    const browser = await signedIn(auth, id);
    const session = await aSession(auth, id);
    const { refresh_token } = await auth.createLogin();
    const madeUp = { grant_type: 'refresh_token', refresh_token: 'x', client_id: id };
    expect((await sendTimes(4, () => post(auth, '/oauth/token', { body: madeUp }))).at(-1)).toBe(
      429,
    );
    const code = await browser.obtainCode(id);
    const redeemed = await post(auth, '/oauth/token', { body: { ...codeOf(code), client_id: id } });
    expect(redeemed.status).toBe(200);
    const refreshed = await auth.json('/auth/refresh', { refresh_token }, from(NET));
    expect(refreshed.status).toBe(200);
    const logout = { refresh_token: refreshed.body['refresh_token'] };
    expect((await auth.json('/auth/logout', logout, from(NET))).status).toBe(204);
    for (const token of [session, redeemed.body['access_token'] ?? '']) {
      const body = { token, client_id: id };
      expect((await post(auth, '/oauth/revoke', { body })).status).toBe(200);
    }
    await auth.stop();
  });

  it('introspects tokens of users while strangers send made-up tokens (RFC 7662 §4)', async () => {
    const auth = await start('introspection=3/60');
    const id = await anApplication(auth, { resourceServer: 'http://localhost:3001' });
    const introspect = (token: string) =>
      post(auth, '/oauth/introspect', { body: { token }, headers: basic(id) });
    const { access_token: greedy } = await auth.createLogin();
    const { access_token: modest } = await auth.createLogin();
    const madeUp = await sendTimes(5, (n) => introspect(`made-up ${n}`));
    expect(madeUp).toEqual([200, 200, 200, 429, 429]);
    expect(await sendTimes(4, () => introspect(greedy))).toEqual([200, 200, 200, 429]);
    expect((await introspect(modest)).body['active']).toBe(true);
    auth.clock.advance({ seconds: 600 });
    // A user whose token expired learns it, so that the client can refresh.
    expect((await introspect(modest)).body['active']).toBe(false);
    await auth.stop();
  });

  it('exchanges tokens of users while strangers send made-up subject tokens (RFC 8693 §2.1)', async () => {
    const auth = await start('client=3/60');
    const id = await anApplication(auth);
    const headers = basic(id);
    const exchange = (subject_token: string) =>
      post(auth, '/oauth/token', {
        body: {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
        headers,
      });
    await sendTimes(5, (n) => exchange(`made-up-${n}`));
    const { access_token } = await auth.createLogin();
    // This client may not exchange, and the answer says so instead of 429.
    expect((await exchange(access_token)).status).toBe(400);
    const own = { grant_type: 'client_credentials', scope: 'photos:read' };
    expect((await post(auth, '/oauth/token', { body: own, headers })).status).toBe(200);
    await auth.stop();
  });

  it('stores neither a code nor a family id in the counters and in the log of limits', async () => {
    const auth = await start('client=1/60 token=1/60', { LOG_LEVEL: 'warn' });
    const id = await aClient(auth);
    const token = await aSession(auth, id);
    const body = { grant_type: 'refresh_token', refresh_token: token, client_id: id };
    await sendTimes(3, () => post(auth, '/oauth/token', { body }));
    const [familyId = ''] = token.split('.');
    const rows = await auth.app.get(UnitOfWork).query('SELECT key FROM rate_limit');
    expect(JSON.stringify(rows)).not.toContain(familyId);
    expect(auth.log.join('')).toContain('The limit token=1/60');
    expect(auth.log.join('')).not.toContain(familyId);
    await auth.stop();
  });

  it('signs in a known device in a network whose neighbours used up the limit of logins', async () => {
    const auth = await start('login=3/60');
    const email = 'owner@example.org';
    await auth.register(email);
    const login = (headers = {}, password = PASSWORD) =>
      auth.json('/auth/login', { email, password }, { ...from(NET), ...headers });
    const first = await login();
    const cookies = first.headers.getSetCookie().map((each) => each.split(';')[0] ?? '');
    const cookie = cookies.find((each) => each.startsWith('known-device')) ?? '';
    expect((await sendTimes(4, () => login({}, 'a wrong password'))).at(-1)).toBe(429);
    expect((await login()).status).toBe(429);
    expect((await login({ cookie })).status).toBe(200);
    // The cookie of the device is good for its own accounts only.
    const other = { email: 'other@example.org', password: PASSWORD };
    expect((await auth.json('/auth/login', other, { ...from(NET), cookie })).status).toBe(429);
    expect(await sendTimes(3, () => login({ cookie }))).toEqual([200, 200, 429]);
    await auth.stop();
  });

  it('changes a password, and signs in a known browser, on the pages of a network with a used-up limit', async () => {
    const auth = await start('login=3/60');
    const { email } = await anAccount(auth);
    const browser = new TestBrowser(auth);
    const signIn = async (password: string) =>
      browser.submit(await browser.open('/login'), { login: email, password });
    expect((await signIn(PASSWORD)).status).toBe(303);
    const stranger = new TestBrowser(auth);
    const page = await stranger.open('/login');
    const wrong = { login: 'x@example.org', password: 'a wrong password' };
    expect((await sendTimes(4, () => stranger.submit(page, wrong))).at(-1)).toBe(429);
    const change = { current_password: PASSWORD, new_password: 'another good password' };
    const changed = await browser.submit(await browser.open('/account/password'), change);
    expect(changed.headers.get('location')).toContain('password_changed=1');
    browser.deleteCookie('session-3000');
    expect((await signIn(change.new_password)).status).toBe(303);
    await auth.stop();
  });

  it('counts a login that names two accounts for the network', async () => {
    const auth = await start('login=2/60');
    const email = 'attacker@example.org';
    await auth.register(email);
    const first = await auth.login(email);
    const cookie = first.headers.getSetCookie().join('; ').split(';')[0] ?? '';
    const guess = { login: email, email: 'victim@example.org', password: 'a wrong password' };
    const statuses = await sendTimes(3, () =>
      auth.json('/auth/login', guess, { ...from(NET), cookie }),
    );
    expect(statuses).toEqual([400, 400, 429]);
    await auth.stop();
  });

  it('authorizes a browser with a session while strangers of its network use up the limit', async () => {
    const auth = await start('authorization=3/60');
    const id = await aClient(auth);
    const [browser, other] = [await signedIn(auth, id), await signedIn(auth, id)];
    const stranger = new TestBrowser(auth);
    expect((await sendTimes(4, () => stranger.authorize(id))).at(-1)).toBe(429);
    const statuses = await sendTimes(4, () => browser.authorize(id));
    expect(statuses).toEqual([303, 303, 303, 429]);
    expect(await other.obtainCode(id)).toBeTruthy();
    await auth.stop();
  });

  it('opens a sign-in after a page of another site loaded and prefetched it many times (Fetch Metadata §2.1)', async () => {
    const auth = await start('authorization=3/60');
    const id = await aClient(auth);
    const browser = new TestBrowser(auth);
    const query = new URLSearchParams({ client_id: id, response_type: 'code' });
    // `fetch` of Node sets Sec-Fetch-Mode itself.
    const frame = async (dest: string, more: Record<string, string> = {}) => {
      const request = get(`${auth.url}/oauth/authorize?${query.toString()}`, {
        headers: {
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': dest,
          ...more,
        },
      });
      const [answer]: IncomingMessage[] = await once(request, 'response');
      answer?.resume();
      return answer?.statusCode ?? 0;
    };
    for (const dest of ['iframe', 'frame', 'embed', 'object']) await frame(dest);
    expect(await frame('iframe')).toBe(429);
    for (const purpose of ['prefetch', 'prefetch;prerender']) {
      expect(await frame('document', { 'sec-purpose': purpose })).toBe(429);
    }
    expect((await browser.authorize(id)).text).toContain('id="password"');
    // A navigation of the browser itself counts for the network.
    expect([await frame('document'), await frame('document')]).toEqual([400, 400]);
    expect(await frame('document')).toBe(429);
    await auth.stop();
  });

  it('counts invited registrations per invitation, so that a neighbour uses up no invitation', async () => {
    const auth = await start('registration=1/3600', { REGISTRATION: 'invited' });
    const invitations = auth.app.get(InvitationService);
    const register = async (email: string) => {
      const invitation = await invitations.invite(email, 3600, 'operator');
      const body = { email, password: PASSWORD, invitation };
      return auth.json('/auth/register', body, from(NET));
    };
    expect((await register('one@example.org')).status).toBe(201);
    expect((await register('other@example.org')).status).toBe(201);
    await auth.stop();
  });
});
