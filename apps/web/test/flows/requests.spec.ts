import { FROM_PAGE, PUBLIC_URL, useRunningWeb } from '../support/running-web.js';

const web = useRunningWeb();

describe('requests that change something, or read an API (RFC 10017 §6.1.3.3)', () => {
  it('accepts a request of its own page', async () => {
    await web.request().post('/sign-out').set(FROM_PAGE).expect(204);
    const headers = { ...FROM_PAGE, 'sec-fetch-site': 'same-origin' };
    await web.request().post('/sign-out').set(headers).expect(204);
  });

  it.each([
    ['without the header x-requested-by', {}, 'header_missing'],
    ['with another value of it', { 'x-requested-by': 'other' }, 'header_missing'],
    ['of another origin', { ...FROM_PAGE, origin: 'https://evil.example' }, 'other_origin'],
    ['of another port', { ...FROM_PAGE, origin: `${PUBLIC_URL}:8443` }, 'other_origin'],
    ['over http', { ...FROM_PAGE, origin: 'http://shop.example' }, 'other_origin'],
    ['of an opaque origin', { ...FROM_PAGE, origin: 'null' }, 'other_origin'],
    ['of the same site', { 'x-requested-by': 'web', 'sec-fetch-site': 'same-site' }, 'other_site'],
    ['of another site', { 'x-requested-by': 'web', 'sec-fetch-site': 'cross-site' }, 'other_site'],
    ['typed by a person', { 'x-requested-by': 'web', 'sec-fetch-site': 'none' }, 'other_site'],
  ])('refuses a request %s', async (_what, headers, code) => {
    for (const [method, path] of [
      ['post', '/sign-out'],
      ['post', '/api/orders'],
      ['get', '/api/orders'],
      ['get', '/session'],
      ['post', '/api/invoices/inv_1/refund'],
    ] as const) {
      const { body } = await web.request()[method](path).set(headers).expect(403);
      expect(body).toMatchObject({ status: 403, code });
    }
  });

  it.each(['/%73ession', '/%61pi/orders', '/%61%70%69/orders?x=1'])(
    'refuses a request of another site that writes the address as %s',
    async (path) => {
      const { body } = await web.request().get(path).expect(403);
      expect(body).toMatchObject({ code: 'header_missing' });
    },
  );

  it('allows no other origin to ask for permission (CORS)', async () => {
    const answer = await web.request().options('/api/orders').set({
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-requested-by',
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('answers 401 sign_in_required without a session', async () => {
    const { body } = await web.request().get('/api/orders').set(FROM_PAGE).expect(401);
    expect(body).toMatchObject({ code: 'sign_in_required' });
    const cookie = `__Host-session=${'a'.repeat(43)}`;
    await web
      .request()
      .get('/api/orders')
      .set({ ...FROM_PAGE, cookie })
      .expect(401);
  });

  it.each([
    ['get', '/api/orders/../../admin'],
    ['get', '/api/users'],
    ['delete', '/api/orders/ord_1'],
    ['post', '/api/invoices'],
    ['get', '/api/orders/a%2Fb'],
    ['get', '/api//evil.example/orders'],
    ['get', '/api/@evil.example'],
  ] as const)('knows no route %s %s, so it reaches no API', async (method, path) => {
    await web.request()[method](path).set(FROM_PAGE).expect(404);
  });

  it('refuses a body above 64 KiB, and one that is not JSON', async () => {
    const large = { note: 'x'.repeat(70_000) };
    await web.request().post('/api/orders').set(FROM_PAGE).send(large).expect(413);
    const text = { ...FROM_PAGE, 'content-type': 'text/plain' };
    await web.request().post('/api/orders').set(text).send('x').expect(415);
  });
});

describe('the session as the page sees it', () => {
  it('tells that the browser is not signed in, and is not stored', async () => {
    const { body, headers } = await web.request().get('/session').set(FROM_PAGE).expect(200);
    expect(body).toEqual({ tool: 'shop', signedIn: false });
    expect(headers['cache-control']).toBe('no-store');
  });

  it.each(['', 'x', `${'a'.repeat(42)}!`, 'a'.repeat(5000)])(
    'treats the malformed cookie %j as none',
    async (value) => {
      const cookie = `__Host-session=${value}`;
      const { body } = await web
        .request()
        .get('/session')
        .set({ ...FROM_PAGE, cookie })
        .expect(200);
      expect(body).toMatchObject({ signedIn: false });
    },
  );
});

describe('a sign-in while the authorization server is down', () => {
  it('leads back to the page, which tells it, and the next one tries again', async () => {
    for (let n = 0; n < 2; n += 1) {
      const { headers } = await web.request().get('/sign-in?return_to=/orders').expect(303);
      expect(headers).toMatchObject({
        location: '/?sign_in=unavailable',
        'cache-control': 'no-store',
      });
      expect(headers).not.toHaveProperty('set-cookie');
    }
  });

  it.each([
    '',
    'state=x',
    `state=${'a'.repeat(43)}&code=c`,
    'error=access_denied',
    'state=a&state=b',
  ])('accepts no redirect back that it did not begin: %j', async (query) => {
    const { headers } = await web.request().get(`/callback?${query}`).expect(303);
    expect(headers['location']).toBe('/?sign_in=expired');
    expect(headers).not.toHaveProperty('set-cookie');
  });

  it.each(['-1', 'x', '999999', ''])('refuses max_age=%j', async (value) => {
    await web.request().get(`/sign-in?max_age=${value}`).expect(400);
  });
});
