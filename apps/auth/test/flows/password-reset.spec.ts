import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { EmailActionService } from '../../src/accounts/email-action.service.js';
import { AccountErasureService } from '../../src/sessions/account-erasure.service.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { anAccount, TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse, toDatabaseSettings } from '../support/test-auth.js';
import { readMail, readMails } from '../support/test-mailbox.js';

const NEW_PASSWORD = 'another good password';
const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];
const errorOf = ({ text }: TestResponse) => /role="alert">([^<]*)</.exec(text)?.[1];

eachDatabase('a forgotten password', (fresh) => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start({
      ...toDatabaseSettings(await fresh()),
      DEV_MAILBOX: 'true',
      LOGIN_DELAYS: 'true',
    });
  });

  const forget = (email: string, headers = {}) =>
    auth.json('/auth/password/forgotten', { email }, headers);
  const reset = (token: string, new_password = NEW_PASSWORD) =>
    auth.json('/auth/password/reset', { token, new_password });
  const mail = (email: string) => readMail(auth, email);
  const login = (email: string, password = PASSWORD) => auth.login(email, { password });
  /** An account whose owner asked for a new password. @returns the token of the link */
  const forgetful = async () => {
    const { id, email } = await anAccount(auth);
    expect((await forget(email)).status).toBe(202);
    return { id, email, token: (await mail(email)).token };
  };
  const kindsOf = async (email: string) => (await readMails(auth, email)).map(({ kind }) => kind);

  it('lets the owner choose a new password, ends every session, and reports the change by mail', async () => {
    const { id, email, token } = await forgetful();
    const { body } = await login(email);
    const browser = new TestBrowser(auth);
    await browser.signIn({ id });
    expect((await reset(token)).status).toBe(204);
    expect((await login(email)).status).toBe(400);
    expect((await login(email, NEW_PASSWORD)).status).toBe(200);
    expect((await auth.refresh(body['refresh_token'] ?? '')).status).toBe(400);
    expect(titleOf(await browser.visit('/account'))).toBe('Sign in');
    expect(await kindsOf(email)).toContain('password_changed');
    const events = await auth.app
      .get(UnitOfWork)
      .query<{ type: string }>('SELECT type FROM security_event WHERE account_id = $1', [id]);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['email_action.mailed', 'account.password_reset', 'family.ended']),
    );
  });

  it('changes the password once of ten times at the same time, and refuses the used link', async () => {
    const { email, token } = await forgetful();
    const passwords = Array.from({ length: 10 }, (_, n) => `${NEW_PASSWORD} ${n}`);
    const answers = await Promise.all(passwords.map((password) => reset(token, password)));
    const [winner, ...others] = passwords.filter((_, n) => answers[n]?.status === 204);
    expect(others).toEqual([]);
    expect((await login(email, winner)).status).toBe(200);
    expect(await reset(token)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', detail: 'The token is wrong, was used, or has expired.' },
    });
  });

  it('names the rule that the new password breaks, and keeps the link valid', async () => {
    const { email, token } = await forgetful();
    expect((await reset(token, 'short')).status).toBe(400);
    expect(await reset(token, email)).toMatchObject({
      status: 400,
      body: { detail: 'The new password must not be the e-mail.' },
    });
    expect((await reset(token)).status).toBe(204);
  });

  it('works on the pages, from the login page to the login with the new password', async () => {
    const { email } = await anAccount(auth);
    const browser = new TestBrowser(auth);
    const loginPage = await browser.open('/login');
    const [, href = ''] = /<a href="([^"]+)">Forgot your password\?/.exec(loginPage.text) ?? [];
    const sent = await browser.submit(await browser.open(href), { login: email.toUpperCase() });
    expect(sent.text).toContain(`If ${email} has an account, we sent a message`);
    const { link } = await mail(email);
    const page = await browser.open(link);
    expect(page.headers.get('referrer-policy')).toBe('same-origin');
    expect(page.headers.get('cache-control')).toContain('no-store');
    const weak = await browser.submit(page, { password: 'password1' });
    expect([weak.status, errorOf(weak)]).toEqual([400, expect.stringContaining('too common')]);
    const answer = await browser.submit(weak, { password: NEW_PASSWORD });
    expect(answer.headers.get('location')).toBe('/login?password_reset=1');
    const done = await browser.follow(answer);
    expect(done.text).toContain('Your password was changed');
    expect(titleOf(await browser.submitPassword(done, email, NEW_PASSWORD))).toBe('Your account');
    const used = await browser.open(link);
    expect([used.status, titleOf(used)]).toEqual([400, 'This link is not valid']);
    expect(used.text).toContain('href="/forgot-password"');
  });

  it('changes nothing when a mail scanner opens the link', async () => {
    const { link } = await forgetful().then(({ email }) => mail(email));
    for (let visit = 0; visit < 3; visit += 1)
      expect((await new TestBrowser(auth).open(link)).status).toBe(200);
  });

  it('refuses the form of another site, so that the link alone is not enough in a foreign page', async () => {
    const { token } = await forgetful();
    const answer = await new TestBrowser(auth).open('/reset-password', {
      method: 'POST',
      body: new URLSearchParams({ token, password: NEW_PASSWORD }),
      headers: { origin: 'https://evil.example' },
    });
    expect(answer.status).toBe(403);
    expect((await reset(token)).status).toBe(204);
  });

  it('takes the host of the link from ISSUER and not from the request', async () => {
    const { email } = await anAccount(auth);
    await forget(email, { host: 'evil.example', 'x-forwarded-host': 'evil.example' });
    const { text } = await mail(email);
    expect(text).toContain('http://localhost:3000/reset-password?token=');
    expect(text).not.toContain('evil');
  });

  it('sends no mail to unknown, disabled and erased accounts', async () => {
    const disabled = await anAccount(auth);
    await auth.app.get(AccountOperationsService).disable(disabled.id, 'operator');
    const erased = await anAccount(auth);
    await auth.app.get(AccountErasureService).erase(erased.id, 'owner');
    for (const email of [disabled.email, erased.email, 'unknown@gatehouse.example'])
      expect((await forget(email)).status).toBe(202);
    for (const { email } of [disabled, erased])
      expect(await kindsOf(email)).not.toContain('reset_password');
    expect(await kindsOf('unknown@gatehouse.example')).toEqual([]);
  });

  it('refuses a link after the account was disabled, and after an hour', async () => {
    const { id, token } = await forgetful();
    await auth.app.get(AccountOperationsService).disable(id, 'operator');
    expect((await reset(token)).status).toBe(400);
    const late = await forgetful();
    auth.clock.advance({ seconds: 3_600 });
    expect((await reset(late.token)).status).toBe(400);
    auth.clock.advance({ seconds: -3_600 });
  });

  it('cancels a pending change of the address, which an attacker may have requested', async () => {
    const { id: accountId, token } = await forgetful();
    const actions = auth.app.get(EmailActionService);
    const kind = 'change_email';
    const change = {
      kind,
      accountId,
      email: 'attacker@gatehouse.example',
      language: 'en',
    } as const;
    const link = actions.createLinkToken(await actions.save(change));
    expect(await actions.findByLink([kind], link)).toBeDefined();
    expect((await reset(token)).status).toBe(204);
    expect(await actions.findByLink([kind], link)).toBeUndefined();
  });

  it('lets the owner log in at once after failed logins from the same network', async () => {
    const { email, token } = await forgetful();
    let status = 0;
    for (let attempt = 0; attempt < 8 && status !== 429; attempt += 1)
      ({ status } = await login(email, 'a wrong password'));
    expect(status).toBe(429);
    await reset(token);
    expect((await login(email, NEW_PASSWORD)).status).toBe(200);
  });
});
