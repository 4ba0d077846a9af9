import { ISSUER, PASSWORD, TestAuth } from '../support/test-auth.js';

const cookieOf = (headers: Headers): string =>
  headers.getSetCookie().find((cookie) => cookie.includes('refresh-token')) ?? '';
const pairOf = (headers: Headers): string => cookieOf(headers).split(';')[0] ?? '';

describe('refresh token cookie', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
    await auth.register('ada@example.org');
  });
  afterAll(() => auth.stop());

  const login = async () => pairOf((await auth.login('ada@example.org', { cookie: true })).headers);
  const post = (path: string, headers: Record<string, string>) =>
    auth.send(path, { method: 'POST', headers });

  it('sets a cookie that scripts cannot read and other sites cannot send (RFC 6265bis §4.1.2)', async () => {
    const { headers, body } = await auth.login('ada@example.org', { cookie: true });
    expect(cookieOf(headers)).toMatch(
      /^refresh-token-3000=[\w.-]+; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(Object.keys(body)).not.toContain('refresh_token');
    expect(body['access_token']).toBeDefined();
  });

  it('replaces the cookie at each refresh', async () => {
    const first = await login();
    const { status, headers, body } = await post('/auth/refresh', { cookie: first });
    expect(status).toBe(200);
    expect(pairOf(headers)).not.toBe(first);
    expect(Object.keys(body)).not.toContain('refresh_token');
    expect((await post('/auth/refresh', { cookie: pairOf(headers) })).status).toBe(200);
  });

  it.each(['application/json', 'Application/JSON; charset=utf-8', 'json'])(
    'ignores the type %s of a request without content, because it says nothing (RFC 9110 §8.3)',
    async (type) => {
      const headers = { 'content-type': type };
      const refreshed = await post('/auth/refresh', { cookie: await login(), ...headers });
      expect(refreshed.status).toBe(200);
      const cookie = pairOf(refreshed.headers);
      expect((await post('/auth/logout', { cookie, ...headers })).status).toBe(204);
      const scope = { resource: ISSUER, scope: 'sessions:end' };
      const { body } = await auth.login('ada@example.org', scope);
      const bearer = { authorization: `Bearer ${String(body['access_token'])}` };
      const init = { method: 'DELETE', headers: { ...bearer, ...headers } };
      expect((await auth.send('/auth/sessions', init)).status).toBe(200);
    },
  );

  it('accepts further parameters as JSON beside the cookie', async () => {
    const cookie = await login();
    const { body } = await auth.json('/auth/refresh', { scope: 'photos:read' }, { cookie });
    expect(body['scope']).toBe('photos:read');
  });

  it('deletes the cookie at logout', async () => {
    const cookie = await login();
    const { status, headers } = await post('/auth/logout', { cookie });
    expect(status).toBe(204);
    expect(cookieOf(headers)).toMatch(
      /^refresh-token-3000=;.*(Max-Age=0|Expires=Thu, 01 Jan 1970)/,
    );
    expect((await post('/auth/refresh', { cookie })).body['error']).toBe('invalid_grant');
  });

  it.each([
    ['a page of another origin', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['a page of a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page that sends a form', { 'content-type': 'application/x-www-form-urlencoded' }],
  ])('rejects the cookie in a request of %s (ASVS 3.5)', async (_, headers) => {
    const cookie = await login();
    for (const path of ['/auth/refresh', '/auth/logout']) {
      const answer = await post(path, { cookie, ...headers });
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
    }
    const sameOrigin = { cookie, origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' };
    expect((await post('/auth/refresh', sameOrigin)).status).toBe(200);
  });

  it('prefers the refresh token in the body to the cookie', async () => {
    const { refresh_token } = await auth.createLogin();
    const answer = await auth.json('/auth/refresh', { refresh_token }, { cookie: await login() });
    expect(answer.status).toBe(200);
    expect(answer.body['refresh_token']).toBeDefined();
    expect(cookieOf(answer.headers)).toBe('');
  });

  it('rejects a refresh without cookie and body', async () => {
    const answer = await post('/auth/refresh', {});
    expect(answer.body).toEqual({
      error: 'invalid_request',
      error_description: 'refresh_token is missing.',
    });
  });

  it('rejects a login by a form of another site (login CSRF)', async () => {
    const answer = await auth.send('/auth/login', {
      method: 'POST',
      body: new URLSearchParams({ email: 'ada@example.org', password: PASSWORD }),
    });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
  });
});

it('sets a Secure cookie with the prefix __Host- over https (RFC 6265bis §4.1.3)', async () => {
  const auth = await TestAuth.start({ ISSUER: 'https://auth.example.org' });
  await auth.register('ada@example.org');
  const { headers } = await auth.login('ada@example.org', { cookie: true });
  expect(cookieOf(headers)).toMatch(
    /^__Host-refresh-token=[\w.-]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
  expect(headers.get('strict-transport-security')).toMatch(/max-age=\d+/);
  await auth.stop();
});
