import type { Account } from '../../src/accounts/account.entity.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { SessionService } from '../../src/sessions/session.service.js';
import {
  aClient,
  anAccount,
  CALLBACK,
  findForm,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse } from '../support/test-auth.js';

let auth: TestAuth;
let client: string;
let person: Account;
let browser: TestBrowser;
beforeAll(async () => {
  auth = await TestAuth.start();
  client = await aClient(auth, { name: 'Prints' });
});
beforeEach(async () => {
  person = await anAccount(auth);
  browser = new TestBrowser(auth);
});
afterAll(() => auth.stop());

const aSignedInBrowser = async (account = person) => {
  const signedIn = new TestBrowser(auth);
  await signedIn.signIn(account);
  return signedIn;
};

describe('the account page', () => {
  it('lists the current browser first, then other browsers with their applications, then other sessions', async () => {
    const current = await aSignedInBrowser();
    auth.clock.advance({ seconds: 7200 });
    const other = await aSignedInBrowser();
    await other.grantConsent(person, client);
    const code = await other.obtainCode(client);
    await auth.token({
      grant_type: 'authorization_code',
      client_id: client,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
    await auth.login(person.email);
    const { text } = await current.open('/account');
    const [sessions = ''] = text.split('id="access"');
    const items = [...sessions.matchAll(/<li>(.*?)<\/li>/gs)].map(([, item = '']) => item);
    expect(items).toHaveLength(3);
    expect(items[0]).toContain('This browser');
    expect(items[0]).toContain('signed in 2 hours ago');
    expect(items[0]).not.toContain('<form');
    expect(items[1]).toContain('Applications: Prints');
    expect(items[2]).toContain('Applications: Gatehouse');
    expect(text).toContain(person.email);
  });

  it('ends another browser with its sessions, and a session without a browser', async () => {
    const [current, other] = [await aSignedInBrowser(), await aSignedInBrowser()];
    const { refresh_token = '' } = (await auth.login(person.email)).body;
    for (const _ of [1, 2]) {
      const answer = await current.submit(
        await current.open('/account'),
        {},
        { action: '/account/end' },
      );
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
    }
    expect((await other.open('/account')).status).toBe(303);
    expect((await auth.refresh(refresh_token)).status).toBe(400);
    const { text } = await current.open('/account');
    expect(text).not.toContain('/account/end');
  });

  it('does not end sessions of another account', async () => {
    const current = await aSignedInBrowser();
    const { refresh_token = '' } = (await auth.login(person.email)).body;
    const ids = [
      ...(await auth.app.get(BrowserSessionService).listActive(person.id)),
      ...(await auth.app.get(SessionService).listActive(person.id)),
    ].map(({ id }) => id);
    const eve = await anAccount(auth);
    const attacker = await aSignedInBrowser(eve);
    await aSignedInBrowser(eve);
    const { action, body } = findForm(
      await attacker.open('/account'),
      {},
      { action: '/account/end' },
    );
    for (const id of [...ids, '', 'x'.repeat(100), '%00']) {
      body.set('session', id);
      const answer = await attacker.open(action, { method: 'POST', body });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
    }
    expect((await current.open('/account')).status).toBe(200);
    expect((await auth.refresh(refresh_token)).status).toBe(200);
    expect(await auth.app.get(BrowserSessionService).listActive(eve.id)).toHaveLength(2);
  });

  it('ends all other browsers and sessions, and keeps the current browser', async () => {
    const [current, other] = [await aSignedInBrowser(), await aSignedInBrowser()];
    const { refresh_token = '' } = (await auth.login(person.email)).body;
    await current.submit(await current.open('/account'), {}, { action: '/account/end-others' });
    expect((await current.open('/account')).status).toBe(200);
    expect((await other.open('/account')).status).toBe(303);
    expect((await auth.refresh(refresh_token)).status).toBe(400);
  });

  it('redirects a user who is not logged in to the login page', async () => {
    const answer = await browser.open('/account');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/login']);
  });

  it('receives users who open the root URL', async () => {
    const answer = await browser.open('/');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
  });
});

describe('the form that changes the password (ASVS 6.2.2, 6.2.3)', () => {
  const NEW = 'another good password';
  const change = async (user: TestBrowser, typed: Record<string, string>) =>
    user.submit(await user.open('/account/password'), typed);
  const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];

  it('changes it, keeps this browser with its sessions, and ends all other sessions', async () => {
    const [current, elsewhere] = [await aSignedInBrowser(), await aSignedInBrowser()];
    await current.grantConsent(person, client);
    const code = await current.obtainCode(client, { scope: 'openid offline_access' });
    const exchange = { grant_type: 'authorization_code', client_id: client, code };
    const { body: own } = await auth.token({
      ...exchange,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
    const { refresh_token: foreign = '' } = (await auth.login(person.email)).body;

    const answer = await change(current, { current_password: PASSWORD, new_password: NEW });
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      '/account?password_changed=1',
    ]);
    const { text } = await current.follow(answer);
    expect(text).toContain('Your password was changed. You are signed out everywhere else.');
    expect((await elsewhere.open('/account')).status).toBe(303);
    expect((await auth.refresh(foreign)).status).toBe(400);
    const refreshed = { grant_type: 'refresh_token', client_id: client };
    const { refresh_token = '' } = own;
    expect((await auth.token({ ...refreshed, refresh_token })).status).toBe(200);
    expect((await auth.login(person.email)).status).toBe(400);
    expect((await auth.login(person.email, { password: NEW })).status).toBe(200);
  });

  it.each([
    [
      'a wrong current password',
      'wrong',
      NEW,
      'current_password',
      'The current password is wrong.',
    ],
    ['no current password', '', NEW, 'current_password', 'The current password is wrong.'],
    ['a short password', PASSWORD, 'short', 'new_password', 'must have 8 to 128 characters'],
    ['a long password', PASSWORD, 'x'.repeat(129), 'new_password', 'must have 8 to 128 characters'],
    ['no new password', PASSWORD, '', 'new_password', 'must have 8 to 128 characters'],
    ['a common password', PASSWORD, 'Password1', 'new_password', 'password is too common'],
  ])(
    'names the fault of %s beside its field (WCAG 2.2, 3.3.1)',
    async (_, current_password, new_password, id, message) => {
      const user = await aSignedInBrowser();
      const answer = await change(user, { current_password, new_password });
      expect([answer.status, titleOf(answer)]).toEqual([400, 'Change your password']);
      expect(answer.text).toMatch(
        new RegExp(`<p class="error" id="${id}-error" role="alert">[^<]*${message}`),
      );
      expect(answer.text.match(/role="alert"/g)).toHaveLength(1);
      expect(answer.text).not.toContain(`value="${PASSWORD}"`);
      expect((await auth.login(person.email)).status).toBe(200);
    },
  );

  it('rejects the e-mail as password', async () => {
    const user = await aSignedInBrowser();
    const typed = { current_password: PASSWORD, new_password: person.email.toUpperCase() };
    expect((await change(user, typed)).text).toContain('must not be your e-mail address');
  });

  it('changes it once if the form is sent twice at once', async () => {
    const user = await aSignedInBrowser();
    const page = await user.open('/account/password');
    const typed = (new_password: string) => ({ current_password: PASSWORD, new_password });
    const answers = await Promise.all(
      ['a first new password', 'a second new password'].map((password) =>
        user.submit(page, typed(password)),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 400]);
  });

  it('delays guesses of the current password, and says how long', async () => {
    const strict = await TestAuth.start({ LOGIN_DELAYS: 'true' });
    const victim = await anAccount(strict);
    const user = new TestBrowser(strict);
    await user.signIn(victim);
    let answer = await change(user, { current_password: 'x', new_password: NEW });
    for (let n = 0; n < 6 && answer.status !== 429; n += 1) {
      answer = await change(user, { current_password: 'x', new_password: NEW });
    }
    expect([answer.status, titleOf(answer)]).toEqual([429, 'Too many attempts']);
    expect(answer.text).toContain('Try again in 1 second.');
    await strict.stop();
  });

  it('gives each field an autocomplete value, and names the account to password managers', async () => {
    const { text } = await (await aSignedInBrowser()).open('/account/password');
    for (const word of ['current-password', 'new-password', 'username'])
      expect(text).toContain(`autocomplete="${word}"`);
  });
});
