import { createHash } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { Account } from '../../src/accounts/account.entity.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { html } from '../../src/pages/html.js';
import { selectTexts, UI_LOCALES } from '../../src/pages/texts/language.js';
import { ResourceServerService } from '../../src/clients/resource-server.service.js';
import { aClient, anAccount, findForm, TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse } from '../support/test-auth.js';

const ISSUER = 'http://localhost:3000';
const NAME = `Prints & "more" <script>alert('x')</script>`;

let auth: TestAuth;
let client: string;
let person: Account;
let browser: TestBrowser;
beforeAll(async () => {
  auth = await TestAuth.start();
  client = await aClient(auth, { name: NAME });
});
beforeEach(async () => {
  person = await anAccount(auth);
  browser = new TestBrowser(auth);
});
afterAll(() => auth.stop());

const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];
/** Since a moment, so that a request that asks for a login asks for another one. */
const loggedIn = async () => {
  const own = new TestBrowser(auth);
  await own.signIn(person);
  auth.clock.advance({ seconds: 1 });
  return own;
};
/** Every page there is, as somebody comes to it. */
const PAGES: readonly (readonly [string, () => Promise<TestResponse>])[] = [
  ['login', () => browser.open('/login')],
  ['login for a client', () => browser.authorize(client)],
  ['registration', () => browser.open('/register')],
  ['consent', async () => (await loggedIn()).authorize(client)],
  [
    'account selection',
    async () => (await loggedIn()).authorize(client, { prompt: 'select_account' }),
  ],
  ['account', async () => (await loggedIn()).open('/account')],
  ['logout', async () => (await loggedIn()).open('/oauth/logout')],
  ['signed out', () => browser.open('/signed-out')],
  ['a refused request', () => browser.authorize(client, { redirect_uri: 'https://evil.example' })],
  ['a foreign form', () => browser.open('/login', { method: 'POST' })],
  ['a request that took too long', () => browser.open('/login?ticket=x')],
];

describe.each(PAGES)('the page of %s', (name, open) => {
  it('can do nothing but show itself and send its forms (ASVS 3.4, RFC 9700 §4.16)', async () => {
    const { headers, text } = await open();
    const style = /<style>(.*?)<\/style>/s.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = (headers.get('content-security-policy') ?? '').split('; ');
    expect(policy).toHaveLength(5);
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        `style-src 'sha256-${hash}'`,
        expect.stringMatching(/^form-action 'self'( https:\/\/client\.example)?$/),
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ]),
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });

  it('keeps windows of other origins apart, but for what a client opens to log somebody in', async () => {
    const { headers } = await open();
    const policy = headers.get('cross-origin-opener-policy');
    expect(policy).toBe(/^(account|logout|signed out)$/.test(name) ? 'same-origin' : null);
  });

  it('needs no script and no other host', async () => {
    const { text } = await open();
    expect(text).not.toMatch(/<script|javascript:|\son\w+=|\sstyle=|<(img|link|iframe|object)/i);
    expect(text.match(/(href|src|action)="(?!\/)[^"]*"/g)).toBeNull();
    expect(text).not.toMatch(/@import|url\(/);
  });

  it('says its language, and labels what can be filled in (WCAG 2.2, 3.1.1, 3.3.2)', async () => {
    const { text, headers } = await open();
    expect(text).toMatch(/<html lang="en">/);
    expect(headers.get('content-language')).toBe('en');
    expect(text.match(/<h1>/g)).toHaveLength(1);
    for (const [input = ''] of text.matchAll(/<input(?![^>]*type="hidden")[^>]*>/g)) {
      const id = /id="([^"]+)"/.exec(input)?.[1];
      expect(text).toContain(`<label for="${id}">`);
    }
  });

  it('shows nothing that was sent as markup', async () => {
    expect((await open()).text).not.toContain('<script>');
  });
});

it.each([
  ['https://app.example:8443/callback', 'https://app.example:8443'],
  ['http://127.0.0.1:50123/callback', 'http://127.0.0.1:50123'],
  ['http://[::1]:50123/callback', 'http:'],
  ['com.example.app:/callback', 'com.example.app:'],
])('a form may lead to %s in the end (form-action, CSP 3 §6.4.1)', async (uri, source) => {
  const id = await aClient(auth, { redirectUris: [uri] });
  const { headers } = await browser.authorize(id, { redirect_uri: uri });
  expect(headers.get('content-security-policy')).toContain(`form-action 'self' ${source};`);
});

describe('a form from elsewhere (CSRF, ASVS 3.5, RFC 9700 §4.7)', () => {
  type Sending = (
    own: TestBrowser,
  ) => Promise<{ page: TestResponse; typed: Record<string, string>; to?: string }>;
  /** Each form there is, and what is typed into it. */
  const FORMS: readonly (readonly [string, Sending])[] = [
    ['login', async (own) => ({ page: await own.open('/login?registered'), typed: credentials() })],
    [
      'login for a client',
      async (own) => ({
        page: await own.authorize(client, { prompt: 'login' }),
        typed: credentials(),
      }),
    ],
    [
      'registration',
      async (own) => ({
        page: await own.open('/register'),
        typed: { login: 'new@gatehouse.example', password: PASSWORD },
      }),
    ],
    [
      'consent',
      async (own) => ({ page: await own.authorize(client), typed: { decision: 'allow' } }),
    ],
    [
      'account selection',
      async (own) => ({
        page: await own.authorize(client, { prompt: 'select_account' }),
        typed: {},
      }),
    ],
    [
      'ending a session',
      async (own) => ({ page: await twoDevices(own), typed: {}, to: '/account/end"' }),
    ],
    [
      'ending all others',
      async (own) => ({ page: await twoDevices(own), typed: {}, to: '/account/end-others' }),
    ],
    ['logout', async (own) => ({ page: await own.open('/oauth/logout'), typed: {} })],
  ];
  const credentials = () => ({ login: person.email, password: PASSWORD });
  const twoDevices = async (own: TestBrowser) => {
    await loggedIn();
    return own.open('/account');
  };
  const needsSession = (name: string) => !['login', 'registration'].includes(name);

  const state = async () => {
    const tables = ['account', 'browser_session', 'consent'];
    const rows = tables.map((table) =>
      auth.app.get(DataSource).query(`SELECT count(*) AS n FROM ${table}`),
    );
    const { length } = await auth.app.get(BrowserSessionService).listActive(person.id);
    return [await Promise.all(rows), length];
  };

  type Tampering = (body: URLSearchParams, other: URLSearchParams) => RequestInit;
  const from =
    (headers: Record<string, string>): Tampering =>
    (body) => ({ body, headers });
  const TAMPERINGS: readonly (readonly [string, Tampering])[] = [
    ['no token', (body) => ({ body: without(body, 'form_token') })],
    ['an empty token', (body) => ({ body: having(body, 'form_token', '') })],
    ['a made-up token', (body) => ({ body: having(body, 'form_token', `a.${'ü'.repeat(43)}`) })],
    [
      'the token of another browser',
      (body, other) => ({ body: having(body, 'form_token', other.get('form_token') ?? '') }),
    ],
    ['two tokens', (body) => ({ body: twice(body, 'form_token') })],
    ['another origin', from({ origin: 'https://evil.example' })],
    ['an origin that begins like ours', from({ origin: `${ISSUER}.evil.example` })],
    ['an origin without a name', from({ origin: 'null' })],
    ['another site', from({ 'sec-fetch-site': 'cross-site' })],
    ['a sibling host', from({ 'sec-fetch-site': 'same-site' })],
    [
      'text that looks like a form',
      (body) => ({ body: body.toString(), headers: { 'content-type': 'text/plain' } }),
    ],
  ];

  describe.each(FORMS)('for %s', (name, sending) => {
    it('is refused, and nothing happens', async () => {
      const own = needsSession(name) ? await loggedIn() : browser;
      const stranger = needsSession(name) ? await loggedIn() : new TestBrowser(auth);
      const { page, typed, to } = await sending(own);
      const { action, body } = findForm(page, typed, to);
      const theirs = findForm((await sending(stranger)).page, typed, to).body;
      const before = await state();
      for (const [way, tamper] of TAMPERINGS) {
        const answer = await own.open(action, { method: 'POST', ...tamper(body, theirs) });
        expect([way, answer.status]).toEqual([way, way.startsWith('text') ? 415 : 403]);
        expect(answer.headers.getSetCookie().join()).not.toMatch(/session=/);
      }
      expect(await state()).toEqual(before);
    });

    it('is accepted from our own page, once it says so', async () => {
      const own = needsSession(name) ? await loggedIn() : browser;
      const { page, typed, to } = await sending(own);
      const { action, body } = findForm(page, typed, to);
      const headers = { origin: ISSUER, 'sec-fetch-site': 'same-origin' };
      expect((await own.open(action, { method: 'POST', body, headers })).status).toBe(303);
    });
  });

  it('cannot log anybody in to the account of somebody else (login CSRF)', async () => {
    const attacker = new TestBrowser(auth);
    const { action, body } = findForm(await attacker.open('/login'), credentials());
    const answer = await browser.open(action, { method: 'POST', body });
    expect(answer.status).toBe(403);
    expect(browser.cookies.has('session')).toBe(false);
  });

  it('is not good any more after a login in the meantime', async () => {
    const own = await loggedIn();
    const page = await own.authorize(client);
    auth.clock.advance({ seconds: 1 });
    await own.signIn(person);
    const answer = await own.submit(page, { decision: 'allow' });
    expect([answer.status, titleOf(answer)]).toEqual([403, 'This page is out of date']);
  });

  it('is good for the request that it was made for, and for no other', async () => {
    const own = await loggedIn();
    const modest = findForm(await own.authorize(client, { scope: 'openid' }), {
      decision: 'allow',
    });
    const greedy = findForm(await own.authorize(client, { scope: 'openid email' }), {});
    const ticket = greedy.body.get('ticket') ?? '';
    const body = having(modest.body, 'ticket', ticket);
    expect((await own.open(modest.action, { method: 'POST', body })).status).toBe(403);
  });

  it('is good after the server secret got a successor', async () => {
    const one = await TestAuth.start({ SERVER_SECRET: 'a'.repeat(32) });
    const both = `${'b'.repeat(32)},${'a'.repeat(32)}`;
    const two = await TestAuth.start({ SERVER_SECRET: both, DATA_DIR: one.config.DATA_DIR });
    const { email } = await anAccount(one);
    const own = new TestBrowser(one);
    const { action, body } = findForm(await own.open('/login'), {
      login: email,
      password: PASSWORD,
    });
    const later = new TestBrowser(two);
    later.cookies.set('form', own.cookies.get('form') ?? '');
    expect((await later.open(action, { method: 'POST', body })).status).toBe(303);
    await Promise.all([one.stop(), two.stop()]);
  });
});

describe('what was sent is shown as text (ASVS 1.2.1)', () => {
  it('the name of a client', async () => {
    const shown = 'Prints &amp; &quot;more&quot; &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;';
    expect((await browser.authorize(client)).text).toContain(shown);
    expect((await (await loggedIn()).authorize(client)).text).toContain(shown);
    expect((await (await loggedIn()).open(`/oauth/logout?client_id=${client}`)).text).toContain(
      shown,
    );
  });

  it('a login_hint', async () => {
    const { text } = await browser.authorize(client, { login_hint: `"><script>alert(1)</script>` });
    expect(text).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  });

  it('an e-mail that was typed', async () => {
    const page = await browser.open('/login');
    const { text } = await browser.submit(page, { login: `"onfocus="alert(1)`, password: 'x' });
    expect(text).toContain('value="&quot;onfocus=&quot;alert(1)"');
  });

  it('everything else that a template is given', () => {
    const evil = `<&>"'`;
    expect(html`${evil} ${[evil, 1, null, undefined, false]}`.toString()).toBe(
      '&lt;&amp;&gt;&quot;&#39; &lt;&amp;&gt;&quot;&#39;1',
    );
    expect(html`<b>${html`<i>${evil}</i>`}</b>`.toString()).toBe(
      '<b><i>&lt;&amp;&gt;&quot;&#39;</i></b>',
    );
  });
});

describe('the language', () => {
  const languageOf = async (path: string, wish = '') => {
    const { text } = await browser.open(path, { headers: { 'accept-language': wish } });
    return /<html lang="(\w+)">/.exec(text)?.[1];
  };

  it.each([
    ['', 'en'],
    ['de', 'de'],
    ['de-CH', 'de'],
    ['fr, de;q=0.5, en;q=0.4', 'de'],
    ['en;q=0.4, de;q=0.9', 'de'],
    ['de;q=0, en', 'en'],
    ['fr', 'en'],
    ['*', 'en'],
    [';q=x,,;;,-', 'en'],
    [`${'xx,'.repeat(2000)}de`, 'en'],
  ])('of a browser that wants "%.20s" is %s (RFC 9110 §12.5.4)', async (wish, language) => {
    expect(await languageOf('/login', wish)).toBe(language);
  });

  it('is what the client asks for, and stays so (OpenID Connect Core §3.1.2.1)', async () => {
    const page = await browser.authorize(client, { ui_locales: 'fr-CA de en' });
    expect(titleOf(page)).toBe('Anmelden');
    const failed = await browser.submit(page, { login: person.email, password: 'wrong' });
    expect(failed.text).toContain('Die E-Mail-Adresse oder das Passwort ist falsch.');
    expect(titleOf(await browser.submitPassword(failed, person.email))).toContain(
      'bittet um Zugriff',
    );
  });

  it('is that of errors as well', async () => {
    const { text } = await browser.open('/login?ticket=x', {
      headers: { 'accept-language': 'de' },
    });
    expect(text).toContain('Das hat zu lange gedauert');
  });

  it('has words for whatever a person can be asked, in each of them', () => {
    const scopes = auth.app
      .get(ResourceServerService)
      .scopes.filter((scope) => scope !== 'billing:invoices:create');
    for (const locale of UI_LOCALES) {
      const known = selectTexts(locale, undefined).scopes;
      expect(Object.keys(known)).toEqual(expect.arrayContaining(scopes));
    }
  });
});

describe('an issuer below a path', () => {
  it('is where links, forms and redirects of the pages lead', async () => {
    const below = await TestAuth.start({ ISSUER: 'http://localhost:3000/auth' });
    const own = new TestBrowser(below);
    const { text } = await own.open('/login');
    expect(text.match(/(href|action)="[^"]*"/g)).toEqual([
      'action="/auth/login"',
      'href="/auth/register"',
    ]);
    expect((await own.open('/account')).headers.get('location')).toBe('/auth/login');
    await below.stop();
  });
});

function having(body: URLSearchParams, name: string, value: string): URLSearchParams {
  const changed = new URLSearchParams(body);
  changed.set(name, value);
  return changed;
}

function without(body: URLSearchParams, name: string): URLSearchParams {
  const changed = new URLSearchParams(body);
  changed.delete(name);
  return changed;
}

function twice(body: URLSearchParams, name: string): URLSearchParams {
  const changed = new URLSearchParams(body);
  changed.append(name, body.get(name) ?? '');
  return changed;
}
