import { createHash } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { Account } from '../../src/accounts/account.entity.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { html } from '../../src/pages/html.js';
import { selectTexts, UI_LOCALES } from '../../src/pages/texts/language.js';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from '../../src/clients/auth.scopes.js';
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
/** The login was a second ago, so a request with `prompt=login` asks for another one. */
const aSignedInBrowser = async () => {
  const signedIn = new TestBrowser(auth);
  await signedIn.signIn(person);
  auth.clock.advance({ seconds: 1 });
  return signedIn;
};
/** Every page of this server, and how a user gets there. */
const PAGES: readonly (readonly [string, () => Promise<TestResponse>])[] = [
  ['login', () => browser.open('/login')],
  ['login for a client', () => browser.authorize(client)],
  ['registration', () => browser.open('/register')],
  ['e-mail verification', () => browser.open('/verify-email?verification=x')],
  ['forgotten password', () => browser.open('/forgot-password')],
  ['a link that is not valid', () => browser.open('/reset-password?token=x')],
  ['consent', async () => (await aSignedInBrowser()).authorize(client)],
  [
    'account selection',
    async () => (await aSignedInBrowser()).authorize(client, { prompt: 'select_account' }),
  ],
  ['account', async () => (await aSignedInBrowser()).open('/account')],
  ['logout', async () => (await aSignedInBrowser()).open('/oauth/logout')],
  ['signed out', () => browser.open('/signed-out')],
  ['a rejected request', () => browser.authorize(client, { redirect_uri: 'https://evil.example' })],
  ['a foreign form', () => browser.open('/login', { method: 'POST' })],
  ['a request that took too long', () => browser.open('/login?ticket=x')],
];

/** A client may redirect on from its redirect URI, and browsers check that against `form-action` too (CSP 3 §6.4.1). */
const LEADS_TO_CLIENT: readonly string[] = ['login for a client', 'consent', 'account selection'];

describe.each(PAGES)('the page of %s', (name, open) => {
  it('restricts itself to its own style and its own forms (ASVS 3.4, RFC 9700 §4.16)', async () => {
    const { headers, text } = await open();
    const style = /<style>(.*?)<\/style>/s.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = (headers.get('content-security-policy') ?? '').split('; ');
    expect(policy).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      ...(LEADS_TO_CLIENT.includes(name) ? [] : ["form-action 'self'"]),
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store, no-transform',
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });

  it('isolates its window from other origins, unless a client may open it for a login', async () => {
    const { headers } = await open();
    const policy = headers.get('cross-origin-opener-policy');
    expect(policy).toBe(/^(account|logout|signed out)$/.test(name) ? 'same-origin' : null);
  });

  it('uses no script and no other host', async () => {
    const { text } = await open();
    expect(text).not.toMatch(/<script|javascript:|\son\w+=|\sstyle=|<(img|link|iframe|object)/i);
    expect(text.match(/(href|src|action)="(?!\/)[^"]*"/g)).toBeNull();
    expect(text).not.toMatch(/@import|url\(/);
  });

  it('declares its language, and labels its fields (WCAG 2.2, 3.1.1, 3.3.2)', async () => {
    const { text, headers } = await open();
    expect(text).toMatch(/<html lang="en">/);
    expect(headers.get('content-language')).toBe('en');
    expect(text.match(/<h1>/g)).toHaveLength(1);
    for (const [input = ''] of text.matchAll(/<input(?![^>]*type="hidden")[^>]*>/g)) {
      const id = /id="([^"]+)"/.exec(input)?.[1];
      expect(text).toContain(`<label for="${id}">`);
    }
  });

  it('shows no parameter as markup', async () => {
    expect((await open()).text).not.toContain('<script>');
  });
});

describe('protection against forged forms (CSRF, ASVS 3.5, RFC 9700 §4.7)', () => {
  type FormCase = (
    user: TestBrowser,
  ) => Promise<{ page: TestResponse; typed: Record<string, string>; to?: string }>;
  /** Every form of this server, with typical input. */
  const FORMS: readonly (readonly [string, FormCase])[] = [
    [
      'login',
      async (user) => ({ page: await user.open('/login?registered'), typed: credentials() }),
    ],
    [
      'login for a client',
      async (user) => ({
        page: await user.authorize(client, { prompt: 'login' }),
        typed: credentials(),
      }),
    ],
    [
      'registration',
      async (user) => ({
        page: await user.open('/register'),
        typed: { login: 'new@gatehouse.example', password: PASSWORD },
      }),
    ],
    [
      'forgotten password',
      async (user) => ({
        page: await user.open('/forgot-password'),
        typed: { login: person.email },
      }),
    ],
    [
      'consent',
      async (user) => ({ page: await user.authorize(client), typed: { decision: 'allow' } }),
    ],
    [
      'account selection',
      async (user) => ({
        page: await user.authorize(client, { prompt: 'select_account' }),
        typed: {},
      }),
    ],
    [
      'ending a session',
      async (user) => ({ page: await twoDevices(user), typed: {}, to: '/account/end' }),
    ],
    [
      'ending all others',
      async (user) => ({ page: await twoDevices(user), typed: {}, to: '/account/end-others' }),
    ],
    [
      'changing the password',
      async (user) => ({
        page: await user.open('/account/password'),
        typed: { current_password: PASSWORD, new_password: 'another good password' },
      }),
    ],
    [
      'deleting the account',
      async (user) => ({
        page: await user.open('/account/delete'),
        typed: { current_password: PASSWORD },
      }),
    ],
    ['logout', async (user) => ({ page: await user.open('/oauth/logout'), typed: {} })],
  ];
  const credentials = () => ({ login: person.email, password: PASSWORD });
  const twoDevices = async (user: TestBrowser) => {
    await aSignedInBrowser();
    return user.open('/account');
  };
  const needsSession = (name: string) =>
    !['login', 'registration', 'forgotten password'].includes(name);

  const state = async () => {
    const tables = ['account', 'browser_session', 'consent', 'email_action'];
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

  describe.each(FORMS)('the form for %s', (name, openForm) => {
    it('rejects every forged form, and changes nothing', async () => {
      const user = needsSession(name) ? await aSignedInBrowser() : browser;
      const other = needsSession(name) ? await aSignedInBrowser() : new TestBrowser(auth);
      const { page, typed, to } = await openForm(user);
      const { action, body } = findForm(page, typed, { action: to });
      const theirs = findForm((await openForm(other)).page, typed, { action: to }).body;
      const before = await state();
      for (const [way, tamper] of TAMPERINGS) {
        const answer = await user.open(action, { method: 'POST', ...tamper(body, theirs) });
        expect([way, answer.status]).toEqual([way, way.startsWith('text') ? 415 : 403]);
        expect(answer.headers.getSetCookie().join()).not.toMatch(/session-3000=/);
      }
      expect(await state()).toEqual(before);
    });

    it('accepts the form of this server’s own page', async () => {
      const user = needsSession(name) ? await aSignedInBrowser() : browser;
      const { page, typed, to } = await openForm(user);
      const { action, body } = findForm(page, typed, { action: to });
      const headers = { origin: ISSUER, 'sec-fetch-site': 'same-origin' };
      const { status } = await user.open(action, { method: 'POST', body, headers });
      expect(status).toBe(name === 'forgotten password' ? 200 : 303);
    });
  });

  it('does not log a user in to the account of an attacker (login CSRF)', async () => {
    const attacker = new TestBrowser(auth);
    const { action, body } = findForm(await attacker.open('/login'), credentials());
    const answer = await browser.open(action, { method: 'POST', body });
    expect(answer.status).toBe(403);
    expect(browser.cookies.has('session-3000')).toBe(false);
  });

  it('accepts a form for its own authorization request only', async () => {
    const user = await aSignedInBrowser();
    const modest = findForm(await user.authorize(client, { scope: 'openid' }), {
      decision: 'allow',
    });
    const greedy = findForm(await user.authorize(client, { scope: 'openid email' }), {});
    const ticket = greedy.body.get('ticket') ?? '';
    const body = having(modest.body, 'ticket', ticket);
    expect((await user.open(modest.action, { method: 'POST', body })).status).toBe(403);
  });

  it('accepts a form that was made before the server secret was rotated', async () => {
    const one = await TestAuth.start({ SERVER_SECRET: 'a'.repeat(32) });
    const both = `${'b'.repeat(32)},${'a'.repeat(32)}`;
    const two = await TestAuth.start({ SERVER_SECRET: both, DATA_DIR: one.config.DATA_DIR });
    const { email } = await anAccount(one);
    const user = new TestBrowser(one);
    const { action, body } = findForm(await user.open('/login'), {
      login: email,
      password: PASSWORD,
    });
    const later = new TestBrowser(two);
    later.cookies.set('form-3000', user.cookies.get('form-3000') ?? '');
    expect((await later.open(action, { method: 'POST', body })).status).toBe(303);
    await Promise.all([one.stop(), two.stop()]);
  });
});

describe('output encoding (ASVS 1.2.1)', () => {
  it('escapes the name of a client', async () => {
    const shown = 'Prints &amp; &quot;more&quot; &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;';
    expect((await browser.authorize(client)).text).toContain(shown);
    expect((await (await aSignedInBrowser()).authorize(client)).text).toContain(shown);
    expect(
      (await (await aSignedInBrowser()).open(`/oauth/logout?client_id=${client}`)).text,
    ).toContain(shown);
  });

  it('escapes a login_hint', async () => {
    const { text } = await browser.authorize(client, { login_hint: `"><script>alert(1)</script>` });
    expect(text).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  });

  it('escapes a typed e-mail', async () => {
    const page = await browser.open('/login');
    const { text } = await browser.submit(page, { login: `"onfocus="alert(1)`, password: 'x' });
    expect(text).toContain('value="&quot;onfocus=&quot;alert(1)"');
  });

  it('escapes every value in a template, except HTML of another template', () => {
    const evil = `<&>"'`;
    expect(html`${evil} ${[evil, 1, null, undefined, false]}`.toString()).toBe(
      '&lt;&amp;&gt;&quot;&#39; &lt;&amp;&gt;&quot;&#39;1',
    );
    expect(html`<b>${html`<i>${evil}</i>`}</b>`.toString()).toBe(
      '<b><i>&lt;&amp;&gt;&quot;&#39;</i></b>',
    );
  });
});

describe('the language of a page', () => {
  const languageOf = async (path: string, acceptLanguage = '') => {
    const { text } = await browser.open(path, { headers: { 'accept-language': acceptLanguage } });
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
  ])(
    'follows Accept-Language "%.20s" with %s (RFC 9110 §12.5.4)',
    async (acceptLanguage, language) => {
      expect(await languageOf('/login', acceptLanguage)).toBe(language);
    },
  );

  it('follows ui_locales through the whole interaction (OpenID Connect Core §3.1.2.1)', async () => {
    const page = await browser.authorize(client, { ui_locales: 'fr-CA de en' });
    expect(titleOf(page)).toBe('Anmelden');
    const failed = await browser.submit(page, { login: person.email, password: 'wrong' });
    expect(failed.text).toContain('Die E-Mail-Adresse oder das Passwort ist falsch.');
    expect(titleOf(await browser.submitPassword(failed, person.email))).toContain(
      'bittet um Zugriff',
    );
  });

  it('applies to error pages too', async () => {
    const { text } = await browser.open('/login?ticket=x', {
      headers: { 'accept-language': 'de' },
    });
    expect(text).toContain('Diese Anmeldung ist nicht gültig');
  });

  it('includes a sentence for every scope of this server', () => {
    const scopes = { ...ACCOUNT_SCOPES, ...OPENID_SCOPES };
    for (const locale of UI_LOCALES) {
      const known = selectTexts(locale, undefined).scopes;
      expect(Object.keys(known)).toEqual(expect.arrayContaining(Object.keys(scopes)));
    }
  });
});

describe('an issuer below a path', () => {
  it('prefixes links, forms and redirects of the pages', async () => {
    const below = await TestAuth.start({ ISSUER: 'http://localhost:3000/auth' });
    const user = new TestBrowser(below);
    const { text } = await user.open('/login');
    expect(text.match(/(href|action)="[^"]*"/g)).toEqual([
      'action="/auth/login"',
      'href="/auth/forgot-password"',
      'href="/auth/register"',
    ]);
    expect((await user.open('/account')).headers.get('location')).toBe('/auth/login');
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
