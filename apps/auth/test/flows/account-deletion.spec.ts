import type { Account } from '../../src/accounts/account.entity.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { aClient, anAccount, TestBrowser } from '../support/test-browser.js';
import { ISSUER, PASSWORD, TestAuth, type TestResponse } from '../support/test-auth.js';

let auth: TestAuth;
let person: Account;
beforeAll(async () => {
  auth = await TestAuth.start();
});
beforeEach(async () => {
  person = await anAccount(auth);
});
afterAll(() => auth.stop());

const exists = async () => (await auth.app.get(AccountRepository).find(person.id)) !== null;
const aSignedInBrowser = async () => {
  const browser = new TestBrowser(auth);
  await browser.signIn(person);
  return browser;
};
const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];

describe('the page that deletes the account', () => {
  const remove = async (browser: TestBrowser, password = PASSWORD) =>
    browser.submit(await browser.open('/account/delete'), { current_password: password });

  it('deletes the account, ends every session, and tells the user', async () => {
    const [browser, elsewhere] = [await aSignedInBrowser(), await aSignedInBrowser()];
    const { refresh_token = '' } = (await auth.login(person.email)).body;
    const answer = await remove(browser);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account/deleted']);
    expect(answer.headers.getSetCookie().join()).toMatch(/session-3000=; Max-Age=0/);
    expect(titleOf(await browser.follow(answer))).toBe('Your account was deleted');
    expect((await elsewhere.open('/account')).headers.get('location')).toBe('/login');
    expect((await auth.refresh(refresh_token)).status).toBe(400);
    expect((await auth.login(person.email)).status).toBe(400);
    expect(await exists()).toBe(false);
  });

  it.each(['', 'a wrong password', 'x'.repeat(600)])(
    'deletes nothing with the wrong password %j (a stolen browser session is not enough)',
    async (password) => {
      const answer = await remove(await aSignedInBrowser(), password);
      expect([answer.status, titleOf(answer)]).toEqual([400, 'Delete your account?']);
      expect(answer.text).toContain('The current password is wrong.');
      expect(await exists()).toBe(true);
    },
  );

  it('deletes nothing at GET, as link scanners send it', async () => {
    const browser = await aSignedInBrowser();
    for (const path of ['/account/delete', '/account/deleted'])
      expect((await browser.open(path)).status).toBe(200);
    expect(await exists()).toBe(true);
  });

  it('deletes the account once if the form is sent ten times at once', async () => {
    const browser = await aSignedInBrowser();
    const page = await browser.open('/account/delete');
    const form = { current_password: PASSWORD };
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.submit(page, form)));
    const done = answers.filter(({ headers }) => headers.get('location') === '/account/deleted');
    expect(done).toHaveLength(1);
    for (const { status } of answers) expect(status).toBeLessThan(500);
    expect(await exists()).toBe(false);
  });

  it('leads a user who is not signed in to the login and then back to the form', async () => {
    const answer = await new TestBrowser(auth).open('/account/delete');
    expect(answer.headers.get('location')).toBe('/login?next=delete');
  });

  it('delays guesses of the password, as at a login', async () => {
    const strict = await TestAuth.start({ LOGIN_DELAYS: 'true' });
    const browser = new TestBrowser(strict);
    await browser.signIn(await anAccount(strict));
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) statuses.push((await remove(browser, 'a guess')).status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
    await strict.stop();
  });

  it('describes the deletion in German', async () => {
    const browser = await aSignedInBrowser();
    const page = await browser.open('/account/delete', { headers: { 'accept-language': 'de' } });
    expect(titleOf(page)).toBe('Ihr Konto löschen?');
  });
});

describe('DELETE /auth/account', () => {
  const aToken = async (scope = 'account:delete') => {
    const { body } = await auth.login(person.email, { resource: ISSUER, scope });
    return body['access_token'] ?? '';
  };
  const remove = (token: string) =>
    auth.send('/auth/account', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });

  it('deletes the account after a recent login, and refuses the same token from then on', async () => {
    const token = await aToken();
    expect((await remove(token)).status).toBe(204);
    expect(await exists()).toBe(false);
    expect((await remove(token)).status).toBe(401);
  });

  it('asks for a login of the last five minutes (RFC 9470 §3)', async () => {
    const { body } = await auth.login(person.email, { resource: ISSUER });
    auth.clock.advance({ seconds: 400 });
    const refreshed = await auth.refresh(body['refresh_token'] ?? '', { resource: ISSUER });
    const answer = await remove(refreshed.body['access_token'] ?? '');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(
      /error="insufficient_user_authentication".*max_age="?300/,
    );
    expect(await exists()).toBe(true);
  });

  it('requires the scope account:delete', async () => {
    const answer = await remove(await aToken('account:password'));
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('scope="account:delete"'),
    ]);
    expect(await exists()).toBe(true);
  });

  it('gives one success to ten requests at once', async () => {
    const token = await aToken();
    const answers = await Promise.all(Array.from({ length: 10 }, () => remove(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array(9).fill(401)]);
  });

  it('frees the address for a new account, which has no access to the old one', async () => {
    const client = await aClient(auth);
    const browser = await aSignedInBrowser();
    await browser.grantConsent(person, client);
    await remove(await aToken());
    const next = await anAccount(auth, person.email);
    expect(next.id).not.toBe(person.id);
    const again = new TestBrowser(auth);
    await again.signIn(next);
    expect(titleOf(await again.authorize(client))).toContain('asks for access');
  });
});
