import { request as sendRaw } from 'node:http';
import { selectTexts, UI_LOCALES } from '../../src/pages/texts/language.js';
import { formatDuration, isDevelopment } from '../../src/pages/error-page.js';
import { PAGE_ERRORS } from '../../src/pages/page-error.filter.js';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import {
  aClient,
  anAccount,
  buildAuthorizationQuery,
  CALLBACK,
  findForm,
  TestBrowser,
} from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse } from '../support/test-auth.js';

let auth: TestAuth;
let client: string;
let browser: TestBrowser;
beforeAll(async () => {
  auth = await TestAuth.start();
  client = await aClient(auth, { name: 'Prints' });
});
beforeEach(() => {
  browser = new TestBrowser(auth);
});
afterAll(() => auth.stop());

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];
const linkOf = ({ text }: TestResponse) =>
  /id="way-on" href="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';

describe('every error page has a link that works', () => {
  const post = (path: string, headers: Record<string, string>, body = 'login=a&password=b') =>
    browser.open(path, { method: 'POST', body, headers: { ...HTML, ...headers } });
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

  const CASES: readonly (readonly [string, number, () => Promise<TestResponse>])[] = [
    ['an unknown address', 404, () => browser.open('/nope', { headers: HTML })],
    ['an address that no server can read', 400, () => browser.open('/%E0%A4%A', { headers: HTML })],
    ['an address that others have', 404, () => browser.open('/logout', { headers: HTML })],
    [
      'an address that begins like a host',
      404,
      () => browser.open(`${auth.url}//x/y`, { headers: HTML }),
    ],
    [
      'a method that a page does not have',
      405,
      () => browser.open('/login', { method: 'PUT', headers: HTML }),
    ],
    ['an unknown client', 400, () => browser.authorize('unknown')],
    ['no client', 400, () => browser.open('/oauth/authorize')],
    [
      'an unregistered redirect URI',
      400,
      () => browser.authorize(client, { redirect_uri: 'https://x.example' }),
    ],
    ['a forged ticket', 400, () => browser.open('/login?ticket=x')],
    ['no ticket to continue with', 400, () => browser.open('/oauth/authorize/continue')],
    ['a consent page without a request', 400, () => browser.open('/consent')],
    ['a form without a token', 403, () => post('/login', FORM)],
    ['a consent form without a token', 403, () => post('/consent', FORM)],
    [
      'a form of another site',
      403,
      () => post('/register', { ...FORM, origin: 'https://evil.example' }),
    ],
    [
      'a form that is JSON',
      415,
      () => post('/login', { 'content-type': 'application/json' }, '{}'),
    ],
    ['a form that is text', 415, () => post('/login', { 'content-type': 'text/plain' })],
    ['a form that is too long', 413, () => post('/login', FORM, `login=${'x'.repeat(20_000)}`)],
    [
      'hostile logout parameters',
      400,
      () => browser.open(`/oauth/logout?state=${'x'.repeat(4097)}`),
    ],
  ];

  it.each(CASES)('after %s', async (_, status, open) => {
    const answer = await open();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      'text/html; charset=utf-8',
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(linkOf(answer)).toMatch(/^(\/(?!\/)|http:\/\/localhost:3000\/)/);
    const next = await browser.visit(linkOf(answer).replace('http://localhost:3000', ''));
    expect([next.status, next.text.includes('<form')]).toEqual([200, true]);
  });

  it('gives each kind of error a title, a text and a link in each language', () => {
    for (const locale of UI_LOCALES) {
      const { errors } = selectTexts(locale, undefined);
      expect(Object.keys(errors).sort()).toEqual(Object.keys(PAGE_ERRORS).sort());
    }
  });

  it('returns to the page of a form that another address sent, with its request', async () => {
    const page = await browser.authorize(client);
    const { action, body } = findForm(page);
    const headers = { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-origin' };
    const answer = await browser.open(action, { method: 'POST', body, headers });
    expect(linkOf(answer)).toBe(`http://localhost:3000/login?ticket=${body.get('ticket')}`);
    expect(answer.text).toContain('The form came from http://127.0.0.1:3000.');
    expect(answer.text).toContain('Open http://localhost:3000/login<');
  });

  it('distinguishes an unknown client from an unregistered redirect URI', async () => {
    expect(titleOf(await browser.authorize('unknown'))).toBe('This application is not registered');
    const unregistered = await browser.authorize(client, { redirect_uri: 'https://x.example' });
    expect(titleOf(unregistered)).toBe('The return address is not registered');
    expect(unregistered.text).toContain('redirect_uri');
  });

  it.each([
    ['client_id', 'missing', { client_id: undefined }, ''],
    ['client_id', 'missing', { client_id: '' }, ''],
    ['client_id', 'sent more than once', {}, '&client_id=other'],
    ['redirect_uri', 'missing', { redirect_uri: undefined }, ''],
    ['redirect_uri', 'sent more than once', {}, `&redirect_uri=${CALLBACK}`],
  ])('says that %s is %s', async (name, fault, parameters, more) => {
    const query = buildAuthorizationQuery(client, parameters);
    const page = await browser.open(`/oauth/authorize?${query}${more}`);
    expect([page.status, titleOf(page)]).toEqual([400, 'The request is not valid']);
    expect(page.text).toMatch(new RegExp(`The parameter ${name} (is|was) ${fault}\\.`));
  });

  it('names the parameter of a logout that is not valid', async () => {
    const page = await browser.open(`/oauth/logout?state=${'x'.repeat(4097)}`);
    expect(page.text).toContain('The parameter state is not valid.');
    expect(page.text).not.toContain('xxx');
  });
});

describe('the values on an error page', () => {
  const valuesOf = ({ text }: TestResponse) =>
    [...text.matchAll(/<dd>([^<]*)<\/dd>/g)].map(([, value]) => value);

  it('shows the sent and the registered redirect URIs in development', async () => {
    const redirectUris = [CALLBACK, 'https://client.example/other'];
    const id = await aClient(auth, { redirectUris });
    const page = await browser.authorize(id, { redirect_uri: `${CALLBACK}/` });
    expect(valuesOf(page)).toEqual([`${CALLBACK}/`, ...redirectUris]);
  });

  it('shows the sent client and the registered ones in development, without disabled ones', async () => {
    const own = await TestAuth.start();
    const id = await aClient(own, { id: 'shop' });
    await aClient(own, { id: 'closed' });
    await own.app.get(ClientOperationsService).disable('closed', 'operator');
    const page = await new TestBrowser(own).authorize('shop2');
    expect(valuesOf(page)).toEqual(['shop2', expect.any(String), id]);
    const disabled = await new TestBrowser(own).authorize('closed');
    expect(disabled.text).toContain('or the operator disabled it');
    await own.stop();
  });

  it('escapes the values, and bounds their length and number', async () => {
    const redirectUris = Array.from({ length: 12 }, (_, n) => `https://client.example/${n}`);
    const id = await aClient(auth, { redirectUris });
    const redirect_uri = `https://x.example/"><script>alert(1)</script>\r\n\u202e${'x'.repeat(2000)}`;
    const page = await browser.authorize(id, { redirect_uri });
    expect(page.text).not.toContain('<script>alert');
    const [sent = '', ...registered] = valuesOf(page);
    expect(sent).toMatch(/^https:\/\/x\.example\/&quot;&gt;&lt;script&gt;[^\r\n\u202e]*x…$/);
    expect(sent.length).toBeLessThan(300);
    expect(registered).toEqual([...redirectUris.slice(0, 10), '…']);
  });

  it('shows no values at an address that other devices can reach', async () => {
    const own = await TestAuth.start({ ISSUER: 'https://auth.example' });
    const id = await aClient(own);
    for (const more of [{ redirect_uri: `${CALLBACK}/` }, { client_id: 'unknown' }]) {
      const page = await new TestBrowser(own).authorize(id, more);
      expect([page.status, valuesOf(page)]).toEqual([400, []]);
      expect(page.text).toMatch(/\((client_id|redirect_uri)\)/);
    }
    await own.stop();
  });

  it.each([
    ['development', 'http://localhost:3000', true],
    ['test', 'http://127.0.0.1:3000', true],
    ['production', 'https://localhost:3000', false],
    ['development', 'http://192.168.0.2:3000', false],
    ['development', 'http://localhost.example', false],
  ] as const)('with NODE_ENV=%s at %s: %s', (NODE_ENV, ISSUER, isShown) => {
    expect(isDevelopment({ NODE_ENV, ISSUER })).toBe(isShown);
  });
});

describe('the log line of an error page', () => {
  it.each([
    ['/oauth/logout?client_id=a&client_id=b', 'invalidRequest', 'client_id'],
    [`/oauth/logout?state=${'x'.repeat(4097)}`, 'invalidRequest', 'state'],
    ['/login?ticket=x', 'invalidTicket', 'invalidTicket'],
    ['/oauth/authorize/continue', 'expired', 'expired'],
  ])('names the cause for %.40s, and no value', async (url, refused, why) => {
    const own = await TestAuth.start({ LOG_LEVEL: 'info' });
    await new TestBrowser(own).open(url);
    const line = own.log.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'refused');
    expect(line).toMatchObject({ refused, method: 'GET', path: url.split('?')[0] });
    expect(line).toMatchObject({ why: expect.stringContaining(why), reqId: expect.any(String) });
    expect(line.why).not.toContain('xxx');
    await own.stop();
  });
});

describe('answers to programs', () => {
  it.each(['*/*', 'application/json', ''])(
    'are problem details for Accept "%s" (RFC 9457)',
    async (accept) => {
      const { status, headers } = await browser.open('/nope', { headers: { accept } });
      expect([status, headers.get('content-type')]).toEqual([
        404,
        'application/problem+json; charset=utf-8',
      ]);
    },
  );

  it('answers an address that no server can read with problem details', async () => {
    const { status, headers } = await browser.open('/%E0%A4%A', { headers: { accept: '*/*' } });
    expect([status, headers.get('content-type')]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('answers a script of a page with problem details (Fetch Metadata §2.2)', async () => {
    const headers = { ...HTML, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
    const answer = await browser.open('/nope', { headers });
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });

  it('keep their challenge if the access token is missing (RFC 6750 §3)', async () => {
    const answer = await browser.open('/auth/sessions', { headers: HTML });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      401,
      'application/problem+json; charset=utf-8',
    ]);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });
});

describe('an error page that asks the user to wait', () => {
  it('says how long in the language of the request, and links to the page again (RFC 6585 §4)', async () => {
    const limited = await TestAuth.start({ RATE_LIMITS: 'login=1/600' });
    const user = new TestBrowser(limited);
    const page = await user.authorize(await aClient(limited), { ui_locales: 'de' });
    await user.submit(page, { login: 'a@b.example', password: 'x' });
    const answer = await user.submit(page, { login: 'a@b.example', password: 'x' });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([
      429,
      expect.stringMatching(/^\d+$/),
    ]);
    expect(titleOf(answer)).toBe('Zu viele Versuche');
    expect(answer.text).toContain('Versuchen Sie es in 10 Minuten noch einmal.');
    expect((await user.visit(linkOf(answer))).text).toContain('<form');
    await limited.stop();
  });

  it.each([
    [1, '1 second', '1 Sekunde'],
    [119, '119 seconds', '119 Sekunden'],
    [121, '3 minutes', '3 Minuten'],
  ])('writes %i seconds in words', (seconds, english, german) => {
    expect(formatDuration(seconds, 'en')).toBe(english);
    expect(formatDuration(seconds, 'de')).toBe(german);
  });
});

describe('addresses that browsers open by themselves', () => {
  it('serves an icon', async () => {
    const { status, headers, text } = await browser.open('/favicon.ico');
    expect([status, headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  });

  it('leads to the form for the password (W3C Well-Known URL for Changing Passwords §3)', async () => {
    const answer = await browser.open('/.well-known/change-password');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account/password']);
    await browser.signIn(await anAccount(auth));
    const page = await browser.visit('/.well-known/change-password');
    expect(page.status).toBe(200);
    for (const word of ['username', 'current-password', 'new-password'])
      expect(page.text).toContain(`autocomplete="${word}"`);
  });

  it('leads a user who is not signed in to the form for the password after the login', async () => {
    const user = new TestBrowser(auth);
    const { email } = await anAccount(auth);
    const login = await user.visit('/.well-known/change-password');
    expect(login.text).toContain('<h1>Sign in</h1>');
    const failed = await user.submit(login, { login: email, password: 'a wrong password' });
    const answer = await user.submit(failed, { login: email, password: PASSWORD });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account/password']);
  });

  it.each(['https://evil.example', '//evil.example', 'deleted', '../oauth/logout', ''])(
    'leads to the account page after a login with the unknown page %j (open redirect, CWE-601)',
    async (next) => {
      const user = new TestBrowser(auth);
      const { email } = await anAccount(auth);
      const login = await user.open(`/login?${new URLSearchParams({ next }).toString()}`);
      const answer = await user.submit(login, { login: email, password: PASSWORD, next });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
    },
  );

  it('adds no page to the account pages for a signed-in user with an unknown page', async () => {
    const user = new TestBrowser(auth);
    await user.signIn(await anAccount(auth));
    const paths = ['/login?next=password', '/login?next=//evil.example'];
    const answers = await Promise.all(paths.map((path) => user.open(path)));
    expect(answers.map(({ headers }) => headers.get('location'))).toEqual([
      '/account/password',
      '/account',
    ]);
  });

  it('answers an unknown well-known address with 404, as password managers test', async () => {
    const path = '/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200';
    expect((await browser.open(path, { headers: HTML })).status).toBe(404);
  });

  it.each(['/account/end', '/account/end-others', '/account/remove-access'])(
    'leads from the address of the form %s to the account page',
    async (path) => {
      expect((await browser.open(path)).headers.get('location')).toBe('/account');
    },
  );

  it('leads from the address of the sign-out form to the sign-out page', async () => {
    const answer = await browser.open('/oauth/logout/confirm');
    expect(answer.headers.get('location')).toBe('/oauth/logout');
  });
});

it('links to this server for a request whose target names another host (RFC 9112 §3.2.2)', async () => {
  const limited = await TestAuth.start({ RATE_LIMITS: 'authorization=1/600' });
  const send = () =>
    new Promise<string>((resolve, reject) => {
      const { port } = new URL(limited.url);
      const path = 'http://evil.example/oauth/authorize';
      const sent = sendRaw({ host: '127.0.0.1', port, path, headers: HTML }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve(text));
      });
      sent.on('error', reject).end();
    });
  await send();
  expect(linkOf({ text: await send() } as TestResponse)).toBe('/account');
  await limited.stop();
});
