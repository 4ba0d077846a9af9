import { request as sendRaw } from 'node:http';
import { Logger } from '@nestjs/common';
import { findIssuerRedirect } from '../../src/pages/issuer-redirect.js';
import { aClient, findForm, TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse } from '../support/test-auth.js';

const ISSUER = 'http://localhost:3000';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let auth: TestAuth;
let browser: TestBrowser;
beforeAll(async () => {
  auth = await TestAuth.start();
});
beforeEach(() => {
  browser = new TestBrowser(auth);
});
afterAll(() => auth.stop());

type Headers = Record<string, string>;

describe('a page that is opened at another address of this server', () => {
  const open = (path: string, headers: Headers, method = 'GET') =>
    new Promise<{ status: number | undefined; location: string | undefined; cookies: string[] }>(
      (resolve, reject) => {
        const { port } = new URL(auth.url);
        sendRaw({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
          const { location, 'set-cookie': cookies = [] } = answer.headers;
          answer
            .resume()
            .on('end', () => resolve({ status: answer.statusCode, location, cookies }));
        })
          .on('error', reject)
          .end();
      },
    );

  it.each(['GET', 'HEAD'])('redirects a %s to the same page at ISSUER', async (method) => {
    for (const path of ['/login', '/account', '/oauth/authorize?client_id=x&state=a%20b']) {
      const answer = await open(path, { host: '127.0.0.1:3000' }, method);
      expect([answer.status, answer.location]).toEqual([303, `${ISSUER}${path}`]);
    }
  });

  it('redirects a browser once, so that a proxy that hides the host causes no endless redirect', async () => {
    const { cookies } = await open('/login', { host: '127.0.0.1:3000' });
    const [cookie = ''] = cookies.map((text) => text.split(';')[0] ?? '');
    expect((await open('/login', { host: '127.0.0.1:3000', cookie })).status).toBe(200);
  });

  it('redirects neither programs that use the JSON API nor the forms', async () => {
    expect((await open('/oauth/jwks', { host: '127.0.0.1:3000' })).location).toBeUndefined();
    expect((await open('/login', { host: '127.0.0.1:3000' }, 'POST')).status).toBe(403);
  });

  interface Opened {
    readonly issuer?: string;
    readonly trustsProxy?: boolean;
    readonly url?: string;
  }
  const redirectOf = (
    headers: Headers,
    { issuer = ISSUER, trustsProxy = false, url = '/login' }: Opened = {},
  ) =>
    findIssuerRedirect(
      { method: 'GET', url, headers },
      { ISSUER: issuer, TRUST_PROXY: trustsProxy },
    )?.location;
  const https = 'https://auth.example.org';

  it.each([
    ['localhost by its address', ISSUER, false, { host: '127.0.0.1:3000' }],
    ['localhost in a network', ISSUER, false, { host: 'laptop.local:3000' }],
    ['localhost by IPv6', ISSUER, false, { host: '[::1]:3000' }],
    ['another name at a trusted proxy', https, true, { 'x-forwarded-host': 'old.example.org' }],
    [
      'another name at a trusted proxy with a path',
      `${https}/auth`,
      true,
      { 'x-forwarded-host': 'old.example.org', host: 'auth:3000' },
    ],
    [
      'a navigation',
      ISSUER,
      false,
      { host: '127.0.0.1:3000', 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
    ],
  ])('redirects from %s', (_, issuer, trustsProxy, headers) => {
    expect(redirectOf(headers, { issuer, trustsProxy })).toBe(`${issuer}/login`);
  });

  it.each([
    ['at the address of ISSUER', ISSUER, false, { host: 'localhost:3000' }],
    ['at another port, where a proxy may be', ISSUER, false, { host: '127.0.0.1:8080' }],
    ['without a host', ISSUER, false, {}],
    ['with a malformed host', ISSUER, false, { host: 'a b:3000/@' }],
    ['behind a proxy that is not trusted', https, false, { host: 'auth:3000' }],
    [
      'with a forged X-Forwarded-Host',
      ISSUER,
      false,
      { host: 'localhost:3000', 'x-forwarded-host': 'evil.example' },
    ],
    ['behind a proxy that removes a path', `${ISSUER}/auth`, false, { host: '127.0.0.1:3000' }],
    ['behind a proxy that hides the host', https, true, { host: 'auth:3000' }],
    [
      'behind a proxy that names the host',
      https,
      true,
      { host: 'auth:3000', 'x-forwarded-host': 'auth.example.org' },
    ],
    [
      'behind two proxies',
      https,
      true,
      { 'x-forwarded-host': 'auth.example.org, gateway.internal' },
    ],
    [
      'for a script',
      ISSUER,
      false,
      { host: '127.0.0.1:3000', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
    ],
  ])('does not redirect %s', (_, issuer, trustsProxy, headers) => {
    expect(redirectOf(headers, { issuer, trustsProxy })).toBeUndefined();
  });

  it.each([
    '//evil.example/login',
    '/\\evil.example',
    '/@evil.example',
    '/login?x=https://evil.example',
  ])('redirects %s to this server only (open redirect, RFC 9700 §4.11)', (url) => {
    const location = redirectOf({ host: '127.0.0.1:3000' }, { url }) ?? '';
    expect(new URL(location).origin).toBe(ISSUER);
  });

  it('does not redirect a request whose target is a whole URL', () => {
    const headers = { host: '127.0.0.1:3000' };
    expect(redirectOf(headers, { url: 'http://evil.example/login' })).toBeUndefined();
  });
});

describe('what a browser says about the origin of a form (Fetch Metadata §2.3, RFC 6454 §7)', () => {
  const send = async (headers: Headers) => {
    const page = await browser.open('/login');
    const { action, body } = findForm(page, { login: 'a@b.example', password: 'x' });
    return (await browser.open(action, { method: 'POST', body, headers })).status;
  };

  it.each([
    ['the origin of this server', { origin: ISSUER }],
    ['this server and its metadata', { origin: ISSUER, 'sec-fetch-site': 'same-origin' }],
    [
      'no origin for privacy, but the metadata of this server',
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
    ],
    ['that the user repeats it', { origin: 'null', 'sec-fetch-site': 'none' }],
    ['metadata without an origin', { 'sec-fetch-site': 'same-origin' }],
    ['nothing', {}],
  ])('accepts a form with %s', async (_, headers: Headers) => {
    expect(await send(headers)).toBe(400);
  });

  it.each([
    [
      'another name of this server',
      { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-origin' },
    ],
    ['another port', { origin: 'http://localhost:4000' }],
    ['another scheme', { origin: 'https://localhost:3000' }],
    ['no origin', { origin: 'null' }],
    ['no origin, and another site', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['this server as origin, and another site', { origin: ISSUER, 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['unknown metadata', { 'sec-fetch-site': 'elsewhere' }],
    ['two origins', { origin: `${ISSUER}, ${ISSUER}` }],
  ])('refuses a form with %s', async (_, headers: Headers) => {
    expect(await send(headers)).toBe(403);
  });
});

describe('the log line of a refused form', () => {
  const warnings: string[] = [];
  beforeAll(() => {
    const ignore = () => undefined;
    const warn = (text: string) => warnings.push(text);
    Logger.overrideLogger({ log: ignore, error: ignore, warn });
  });
  afterAll(() => Logger.overrideLogger(false));
  const post = (origin: string, path = '/login') =>
    browser.open(path, { method: 'POST', headers: { ...FORM, origin }, body: 'login=a' });

  it('names both origins, once a minute for each origin', async () => {
    auth.clock.advance({ seconds: 60 });
    await post('http://127.0.0.1:3000');
    await post('http://127.0.0.1:3000', '/register');
    await post('http://laptop.local:3000');
    auth.clock.advance({ seconds: 60 });
    await post('http://127.0.0.1:3000');
    expect(warnings.splice(0)).toEqual([
      'a form came from http://127.0.0.1:3000; ISSUER is http://localhost:3000',
      'a form came from http://laptop.local:3000; ISSUER is http://localhost:3000',
      'a form came from http://127.0.0.1:3000; ISSUER is http://localhost:3000',
    ]);
  });

  it('writes the line for a refresh by cookie as well, and says the same in the answer', async () => {
    auth.clock.advance({ seconds: 60 });
    await auth.register('ada@example.org');
    const { headers } = await auth.login('ada@example.org', { cookie: true });
    const cookie = headers.getSetCookie().join('; ');
    const answer = await auth.json(
      '/auth/refresh',
      {},
      { cookie, origin: 'http://127.0.0.1:3000' },
    );
    expect(answer.body).toEqual({
      error: 'invalid_request',
      error_description:
        'The request came from http://127.0.0.1:3000, and this server is http://localhost:3000.',
    });
    expect(warnings.splice(0)).toEqual([
      'a request came from http://127.0.0.1:3000; ISSUER is http://localhost:3000',
    ]);
  });

  it('writes a bounded number of lines, and repeats no text that is not an origin', async () => {
    auth.clock.advance({ seconds: 60 });
    await post('"><script>alert(1)</script>');
    for (let n = 0; n < 40; n += 1) await post(`https://site-${n}.example`);
    expect(warnings[0]).toBe(
      'a form came from a page whose origin the browser does not name; ISSUER is http://localhost:3000',
    );
    expect(warnings.splice(0)).toHaveLength(20);
  });
});

describe('forms of another site use up no quota', () => {
  const LIMITS = { RATE_LIMITS: 'login=2/600 registration=2/3600 authorization=4/600 token=2/600' };
  const FOREIGN: readonly (readonly [string, Headers])[] = [
    ['Origin', { origin: 'https://evil.example' }],
    ['Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
    ['a hidden origin', { origin: 'null' }],
  ];
  const postTimes = async (
    user: TestBrowser,
    path: string,
    init: { headers: Headers; body?: string },
  ): Promise<number[]> => {
    const answers: TestResponse[] = [];
    for (let n = 0; n < 6; n += 1) answers.push(await user.open(path, { method: 'POST', ...init }));
    return [...new Set(answers.map(({ status }) => status))];
  };

  it.each(FOREIGN)(
    'refuses foreign forms of the pages by %s before they count',
    async (_, headers) => {
      const limited = await TestAuth.start(LIMITS);
      const stranger = new TestBrowser(limited);
      for (const path of ['/login', '/register', '/consent']) {
        const init = { headers: { ...FORM, ...headers }, body: 'login=a&password=b' };
        expect(await postTimes(stranger, path, init)).toEqual([403]);
      }
      const user = new TestBrowser(limited);
      const typed = { login: 'ada@example.org', password: PASSWORD };
      const registered = await user.submit(await user.open('/register'), typed);
      expect(registered.status).toBe(303);
      const login = await user.confirmLater(registered);
      expect((await user.submit(login, typed)).headers.get('location')).toBe('/account');
      await limited.stop();
    },
  );

  it.each([
    ['a form', { ...FORM, origin: 'https://evil.example' }, 'email=a&password=b'],
    ['a form without an origin', FORM, 'email=a&password=b'],
    ['a request without content', { origin: 'https://evil.example' }, undefined],
    ['a request of another site without content', { 'sec-fetch-site': 'cross-site' }, undefined],
  ])('on the JSON endpoints, by %s', async (_, headers: Headers, body) => {
    const limited = await TestAuth.start(LIMITS);
    const stranger = new TestBrowser(limited);
    for (const path of ['/auth/login', '/auth/register', '/auth/refresh', '/auth/logout']) {
      const init = { headers, ...(body !== undefined && { body }) };
      expect(await postTimes(stranger, path, init)).toEqual([400]);
    }
    const init = { headers, ...(body !== undefined && { body }) };
    const [refused] = await postTimes(stranger, '/auth/password', init);
    expect([403, 415]).toContain(refused);
    const credential = { email: 'ada@example.org', password: PASSWORD };
    expect((await limited.json('/auth/register', credential)).status).toBe(201);
    const login = await limited.json('/auth/login', credential);
    expect(login.status).toBe(200);
    expect((await limited.refresh(login.body['refresh_token'] ?? '')).status).toBe(200);
    await limited.stop();
  });

  it.each<readonly [string, Headers]>([
    ...FOREIGN,
    ['the origin of a form', { 'sec-fetch-mode': 'navigate', origin: 'https://evil.example' }],
    ['the origin of a script', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
  ])('on the endpoints of public clients, by %s', async (_, headers) => {
    const limited = await TestAuth.start(LIMITS);
    const id = await aClient(limited, { redirectUris: ['https://spa.example/'] });
    const stranger = new TestBrowser(limited);
    const body = `client_id=${id}&grant_type=refresh_token&refresh_token=x&token=x`;
    for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/introspect']) {
      await postTimes(stranger, path, { headers: { ...FORM, ...headers }, body });
    }
    const own = { ...FORM, origin: 'https://spa.example', 'sec-fetch-site': 'cross-site' };
    for (const caller of [own, FORM]) {
      const init = { method: 'POST', headers: caller, body };
      expect((await stranger.open('/oauth/token', init)).status).toBe(400);
    }
    expect(
      (await stranger.open('/oauth/token', { method: 'POST', headers: own, body })).status,
    ).toBe(429);
    await limited.stop();
  });

  it('refuses images and scripts of another site at the authorization endpoint before it counts them', async () => {
    const limited = await TestAuth.start(LIMITS);
    const user = new TestBrowser(limited);
    const id = await aClient(limited);
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    for (let n = 0; n < 6; n += 1) {
      expect((await user.open('/oauth/authorize', { headers })).status).toBe(403);
    }
    expect((await user.authorize(id)).text).toContain('<form');
    await limited.stop();
  });

  it('accepts JSON of a front end behind a proxy, which has an origin of its own', async () => {
    const headers = { origin: 'https://shop.example', 'sec-fetch-site': 'same-origin' };
    const { email } = { email: 'proxied@example.org' };
    await auth.register(email);
    expect((await auth.json('/auth/login', { email, password: PASSWORD }, headers)).status).toBe(
      200,
    );
  });
});
