import { setTimeout } from 'node:timers/promises';
import type { Account } from '../../src/accounts/account.entity.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { PasswordHasher } from '../../src/accounts/password-hasher.js';
import {
  aClient,
  anAccount,
  buildAuthorizationQuery,
  findForm,
  TestBrowser,
} from '../support/test-browser.js';
import { PASSWORD, PRODUCTION_HASHING, TestAuth, type TestResponse } from '../support/test-auth.js';

const FORM = 'application/x-www-form-urlencoded';

let auth: TestAuth;
let client: string;
let person: Account;
let browser: TestBrowser;
beforeAll(async () => {
  auth = await TestAuth.start(PRODUCTION_HASHING);
  client = await aClient(auth, { name: 'Prints' });
});
beforeEach(async () => {
  person = await anAccount(auth);
  browser = new TestBrowser(auth);
});
afterAll(() => auth.stop());

const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];

describe('the login page', () => {
  it('shows the same error for every wrong e-mail or password (ASVS 6.3.8)', async () => {
    const disabled = await anAccount(auth);
    await auth.app.get(AccountOperationsService).disable(disabled.id, 'operator');
    const attempts: readonly Record<string, string>[] = [
      { login: person.email, password: 'not this one' },
      { login: 'unknown@gatehouse.example', password: PASSWORD },
      { login: disabled.email, password: PASSWORD },
      { login: 'not an e-mail', password: PASSWORD },
      { login: `${'a'.repeat(300)}@gatehouse.example`, password: PASSWORD },
      { login: person.email, password: 'x'.repeat(600) },
      { login: person.email, password: '' },
      { login: '', password: PASSWORD },
    ];
    const page = await browser.open('/login');
    const answers = [];
    for (const typed of attempts) answers.push(await browser.submit(page, typed));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
    const shown = answers.map(({ text }) =>
      text
        .replace(/id="login"[^>]*>/s, '')
        .replace(/autofocus/, '')
        .replace(/\s+/g, ' '),
    );
    expect(new Set(shown).size).toBe(1);
    expect(shown[0]).toContain('The e-mail address or the password is wrong.');
    expect(answers.flatMap(({ headers }) => headers.getSetCookie())).toEqual([]);
  });

  it('does not repeat the password, and announces the failure to screen readers (WCAG 2.2, 3.3.1)', async () => {
    const { text } = await browser.submit(await browser.open('/login'), {
      login: person.email,
      password: 'a wrong guess',
    });
    expect(text).not.toContain('a wrong guess');
    expect(text).toContain(`value="${person.email}"`);
    expect(text).toMatch(/<p[^>]*id="login-failed"[^>]*role="alert"/);
    expect(text.match(/aria-describedby="login-failed"\s+aria-invalid="true"/g)).toHaveLength(2);
  });

  it('accepts the e-mail in any case', async () => {
    const typed = { login: person.email.toUpperCase(), password: PASSWORD };
    expect((await browser.submit(await browser.open('/login'), typed)).status).toBe(303);
  });

  it('answers with 303, so that the browser does not resend the password (RFC 9700 §4.12)', async () => {
    const answer = await browser.submit(await browser.authorize(client), {
      login: person.email,
      password: PASSWORD,
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toMatch(
      /^\/oauth\/authorize\/continue\?ticket=[\w.-]+$/,
    );
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.text).toBe('');
  });

  it('answers 429 with Retry-After while the queue of password hashes is full', async () => {
    const page = await browser.open('/login');
    const hasher = auth.app.get(PasswordHasher);
    let isAnswered = false;
    // Each finished hash is replaced by the next one, so the queue is full when the login arrives.
    const flood = Array.from({ length: 70 }, async () => {
      while (!isAnswered) await hasher.hash(PASSWORD).catch(() => setTimeout(1));
    });
    const answer = await browser.submit(page, { login: person.email, password: PASSWORD });
    isAnswered = true;
    await Promise.all(flood);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    expect(titleOf(answer)).toBe('Too many attempts');
  });

  it('redirects a user who is logged in to the account page', async () => {
    await browser.signIn(person);
    expect((await browser.open('/login')).headers.get('location')).toBe('/account');
  });

  it.each([
    ['a field twice', 'login=a%40b.c&login=d%40e.f&password=x'],
    ['a field with brackets', 'login[$ne]=x&password[$ne]=x'],
    ['broken percent codes', 'login=%E0%A4%A&password=%ff'],
    ['NUL and line breaks', 'login=%00%0d%0a&password=%00'],
    ['a prototype', '__proto__=x&constructor=y&password=z'],
    ['no field', ''],
  ])('answers 400 without internals to a form with %s', async (_, fields) => {
    const token = findForm(await browser.open('/login'), {}).body.get('form_token') ?? '';
    const body = `${fields}&form_token=${token}`;
    const answer = await browser.open('/login', {
      method: 'POST',
      body,
      headers: { 'content-type': FORM },
    });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toMatch(/node_modules|\bat \w+ \(|SELECT|FST_/);
  });
});

describe('the registration page', () => {
  const register = async (typed: Record<string, string>) =>
    browser.submit(await browser.open('/register'), typed);

  it('answers the same for a free and a taken e-mail, and changes no existing account', async () => {
    const free = await register({ login: 'free@gatehouse.example', password: PASSWORD });
    const taken = await register({ login: person.email, password: 'another password' });
    const publicPartOf = ({ status, text, headers }: TestResponse) => [
      status,
      text,
      headers.get('location')?.replace(/verification=[\w-]{22}$/, 'verification=…'),
    ];
    expect(publicPartOf(free)).toEqual([303, '', '/verify-email?verification=…']);
    expect(publicPartOf(taken)).toEqual(publicPartOf(free));

    const login = await browser.confirmLater(taken);
    expect(login.text).toContain('You are registered. Sign in to continue.');
    const failed = await browser.submit(login, {
      login: person.email,
      password: 'another password',
    });
    expect(failed.status).toBe(400);
  });

  it('continues the authorization request of the client', async () => {
    const { headers } = await browser.open(`/oauth/authorize?${buildAuthorizationQuery(client)}`);
    const location = headers.get('location')?.replace('/login', '/register') ?? '';
    const page = await browser.open(location);
    expect(page.text).toContain('to continue to Prints');
    const typed = { login: 'on-the-way@gatehouse.example', password: PASSWORD };
    const login = await browser.confirmLater(await browser.submit(page, typed));
    const consent = await browser.submitPassword(login, typed.login);
    expect(titleOf(consent)).toContain('asks for access');
  });

  it.each([
    ['malformed e-mail', { login: 'not an e-mail', password: PASSWORD }, 'login'],
    ['short password', { login: 'someone@gatehouse.example', password: 'short' }, 'password'],
    [
      'password that is the e-mail',
      { login: 'some@gatehouse.example', password: 'some@gatehouse.example' },
      'password',
    ],
    ['missing password', { login: 'some@gatehouse.example' }, 'password'],
  ])('shows the error of a %s beside the field (WCAG 2.2, 3.3.1)', async (_, typed, id) => {
    const { status, text } = await register(typed);
    expect(status).toBe(400);
    const input = new RegExp(`<input\\s+id="${id}"[^>]*>`).exec(text)?.[0];
    expect(input).toMatch(new RegExp(`aria-describedby="${id}-error[" ]`));
    expect(input).toContain('aria-invalid="true"');
    expect(text).toMatch(new RegExp(`<p class="error" id="${id}-error" role="alert">`));
    expect(text.match(/role="alert"/g)).toHaveLength(1);
  });
});
