import { SessionService } from '../../src/sessions/session.service.js';
import { FROM_PAGE, useRunningWeb } from '../support/running-web.js';
import { ScriptedApi } from '../support/scripted-api.js';

const RESOURCE = 'http://localhost:3001';
const api = new ScriptedApi();
let url = '';
beforeAll(async () => {
  url = await api.start();
});
afterAll(() => api.stop());
beforeEach(() => api.reset());

const web = useRunningWeb(() => ({ ORDERS_URL: url, BILLING_URL: 'http://localhost:9' }));

/** Creates a session with a token that is valid for an hour. @returns the headers of its page */
async function signIn(token = 'the-orders-token') {
  const accessToken = {
    accessToken: token,
    scope: ['orders:read'],
    issuedAt: Date.now(),
    expiresAt: Date.now() + 3_600_000,
  };
  const secret = await web.get(SessionService).create(
    { sub: 'alice', sid: 'sid' },
    {
      refreshToken: 'the-refresh-token',
      accessTokens: { [RESOURCE]: accessToken, 'http://localhost:3002': accessToken },
    },
  );
  return { ...FROM_PAGE, cookie: `__Host-session=${secret}; other=cookie` };
}

describe('a request that passes to an API', () => {
  it('carries the token of the session, the body and the headers of the list, and nothing else', async () => {
    const page = await signIn();
    api.json(201, { id: 'ord_1' }, { etag: '"1"' });
    await web
      .request()
      .post('/api/orders?dry=%C3%A4')
      .set({
        ...page,
        'idempotency-key': '"k"',
        'if-match': '"1"',
        authorization: 'Bearer of-the-browser',
        'x-forwarded-for': '203.0.113.1',
        'x-anything': 'x',
      })
      .send({ items: [] })
      .expect(201, { id: 'ord_1' })
      .expect('etag', '"1"');
    const [received] = api.received;
    expect(received).toMatchObject({
      method: 'POST',
      url: '/orders?dry=%C3%A4',
      body: '{"items":[]}',
      headers: {
        authorization: 'Bearer the-orders-token',
        'content-type': 'application/json',
        'idempotency-key': '"k"',
        'if-match': '"1"',
      },
    });
    const names = Object.keys(received?.headers ?? {});
    for (const name of ['cookie', 'origin', 'x-requested-by', 'x-anything', 'x-forwarded-for'])
      expect(names).not.toContain(name);
  });

  it('passes no cookie, no credential and no policy of the API back', async () => {
    const page = await signIn();
    api.json(
      200,
      {},
      {
        'set-cookie': 'session=stolen',
        'access-control-allow-origin': '*',
        'www-authenticate': 'Bearer',
        'x-token': 'secret',
        'cache-control': 'public, max-age=60',
      },
    );
    const { headers } = await web.request().get('/api/orders').set(page).expect(200);
    for (const name of ['set-cookie', 'access-control-allow-origin', 'www-authenticate', 'x-token'])
      expect(headers).not.toHaveProperty(name);
    expect(headers['cache-control']).toBe('no-store');
  });

  it.each([403, 404, 409, 412, 422, 429, 503])('gets the answer %d of the API', async (status) => {
    const page = await signIn();
    api.json(status, { status }, { 'retry-after': '3' });
    const { headers } = await web.request().get('/api/orders').set(page).expect(status, { status });
    expect(headers['retry-after']).toBe('3');
  });

  it('tells the page to sign in again when the API demands a recent login (RFC 9470 §3)', async () => {
    const page = await signIn();
    api.json(
      401,
      {},
      {
        'www-authenticate':
          'Bearer error="insufficient_user_authentication", error_description="x", max_age="300"',
      },
    );
    const { body } = await web.request().post('/api/orders').set(page).send({}).expect(401);
    expect(body).toMatchObject({ code: 'step_up_required', maxAge: 300 });
    expect(api.received).toHaveLength(1);
  });

  it('keeps the session while the API refuses a token and the authorization server is down', async () => {
    const page = await signIn();
    api.json(401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' });
    const { body, headers } = await web.request().get('/api/orders').set(page).expect(503);
    expect(body).toMatchObject({ code: 'unavailable', target: 'auth' });
    expect(headers['retry-after']).toBe('2');
    const { body: session } = await web.request().get('/session').set(page).expect(200);
    expect(session).toMatchObject({ signedIn: true });
  });

  it('answers 503 while an API is down', async () => {
    const page = await signIn();
    const { body } = await web.request().get('/api/invoices').set(page).expect(503);
    expect(body).toMatchObject({ code: 'unavailable', target: 'billing' });
  });

  it.each([
    ['a page', (type: string) => type, 'text/html', '<script>alert(1)</script>'],
    ['content without a type', () => undefined, '', 'x'],
  ])('never shows %s of an API in this origin', async (_what, toType, type, content) => {
    const page = await signIn();
    api.answer = (response) => {
      const value = toType(type);
      response.writeHead(200, value === undefined ? {} : { 'content-type': value }).end(content);
    };
    const { text } = await web.request().get('/api/orders').set(page).expect(502);
    expect(text).not.toContain(content);
  });

  it('follows no redirect of an API, and reads no answer above 1 MiB', async () => {
    const page = await signIn();
    api.answer = (response) =>
      void response.writeHead(302, { location: 'http://localhost:9/' }).end();
    await web.request().get('/api/orders').set(page).expect(503);
    api.answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(Buffer.alloc(1_100_000, 0x20));
    };
    await web.request().get('/api/orders').set(page).expect(503);
  });

  it('logs no token and no secret of a cookie', async () => {
    const page = await signIn('eyJ-a-token-of-the-log-test');
    await web.request().get('/api/orders').set(page);
    const secret = /session=([^;]*)/.exec(page.cookie)?.[1] ?? '';
    const log = web.log.join('');
    expect(log).toContain('/api/orders');
    for (const text of ['eyJ-a-token', 'the-refresh-token', secret])
      expect(log).not.toContain(text);
  });
});
