import { UnitOfWork } from '@gatehouse/persistence';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { isVerified } from '../../src/accounts/email-action.service.js';
import { ConsentService } from '../../src/sessions/consent.service.js';
import { aClient, buildAuthorizationQuery, TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse } from '../support/test-auth.js';
import { readMail, readMails } from '../support/test-mailbox.js';

const OTHER_PASSWORD = 'the password of an attacker';
const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];
const errorOf = ({ text }: TestResponse) => /role="alert">([^<]*)</.exec(text)?.[1];
let count = 0;
const anAddress = () => `verified-${(count += 1)}@gatehouse.example`;

/** The functions of the tests for a server with one value of EMAIL_VERIFICATION. */
function startWith(mode: 'optional' | 'required') {
  const context = {} as { auth: TestAuth; browser: TestBrowser };
  beforeAll(async () => {
    context.auth = await TestAuth.start({ EMAIL_VERIFICATION: mode, DEV_MAILBOX: 'true' });
  });
  beforeEach(() => {
    context.browser = new TestBrowser(context.auth);
  });
  const register = async (email: string, password = PASSWORD) => {
    const { body } = await context.auth.json('/auth/register', { email, password });
    return body['verification'] ?? '';
  };
  return {
    context,
    register,
    verify: (verification: string, code: string) =>
      context.auth.json('/auth/email/verify', { verification, code }),
    mail: (email: string) => readMail(context.auth, email),
    find: (email: string) => context.auth.app.get(AccountRepository).findByEmail(email),
    login: (email: string, password = PASSWORD) => context.auth.login(email, { password }),
    /** Registers on the page. @returns the page that asks for the code */
    async registerOnPage(email: string, password = PASSWORD) {
      const page = await context.browser.open('/register');
      return context.browser.follow(await context.browser.submit(page, { login: email, password }));
    },
  };
}

describe('a registration with EMAIL_VERIFICATION=required', () => {
  const { context, register, registerOnPage, verify, mail, find, login } = startWith('required');

  it('creates the account when its owner enters the code, and not before', async () => {
    const email = anAddress();
    const verification = await register(email);
    expect(await find(email)).toBeNull();
    expect((await login(email)).status).toBe(400);
    const { code } = await mail(email);
    expect((await verify(verification, code)).status).toBe(204);
    const account = await find(email);
    expect(account && isVerified(account)).toBe(true);
    expect((await login(email)).status).toBe(200);
  });

  it('lets a user register on the page, enter the code and go on to the application', async () => {
    const email = anAddress();
    const client = await aClient(context.auth);
    const query = buildAuthorizationQuery(client);
    const redirect = await context.browser.open(`/oauth/authorize?${query}`);
    const address = redirect.headers.get('location')?.replace('/login', '/register') ?? '';
    const registration = await context.browser.open(address);
    const typed = { login: email, password: PASSWORD };
    const asking = await context.browser.follow(await context.browser.submit(registration, typed));
    expect(titleOf(asking)).toBe('Confirm your e\u2011mail address');
    expect(asking.text).not.toContain('id="later"');
    const { code } = await mail(email);
    const wrong = await context.browser.submit(asking, { code: '0000 0000' });
    expect([wrong.status, errorOf(wrong)]).toEqual([400, expect.stringContaining('wrong')]);
    const spaced = `${code.slice(0, 4)} ${code.slice(4)}`;
    const page = await context.browser.follow(
      await context.browser.submit(wrong, { code: spaced }),
    );
    expect(page.text).toContain('Your e-mail address is confirmed.');
    const consent = await context.browser.submitPassword(page, email);
    expect(titleOf(consent)).toContain('asks for access');
  });

  it('lets a user open the link in another browser and enter the chosen password', async () => {
    const email = anAddress();
    await registerOnPage(email);
    const { link } = await mail(email);
    const phone = new TestBrowser(context.auth);
    const page = await phone.open(link);
    const wrong = await phone.submit(page, { password: 'a guess' });
    expect([wrong.status, errorOf(wrong)]).toEqual([400, expect.stringContaining('wrong')]);
    const confirmed = await phone.follow(await phone.submit(wrong, { password: PASSWORD }));
    expect(titleOf(await phone.submitPassword(confirmed, email))).toBe('Your account');
    expect(titleOf(await phone.open(link))).toBe('This link is not valid');
  });

  it('gives an attacker nothing who registers the address of another person (pre-registration)', async () => {
    const email = anAddress();
    const attackers = await register(email, OTHER_PASSWORD);
    const attackersMail = await mail(email);
    const own = await register(email);
    const ownMail = await mail(email);
    // The owner enters the newest code, and the attacker's registration still waits for its own.
    expect((await verify(own, ownMail.code)).status).toBe(204);
    expect((await login(email, OTHER_PASSWORD)).status).toBe(400);
    expect((await login(email)).status).toBe(200);
    // Even with the code, the attacker's registration is worthless once the owner has the account.
    expect((await verify(attackers, attackersMail.code)).status).toBe(400);
    expect((await login(email, OTHER_PASSWORD)).status).toBe(400);
  });

  it('does not confirm the registration of an attacker when the owner opens the link', async () => {
    const email = anAddress();
    await register(email, OTHER_PASSWORD);
    const { link, code } = await mail(email);
    const page = await context.browser.open(link);
    expect((await context.browser.submit(page, { password: PASSWORD })).status).toBe(400);
    // Nor with a code that the owner enters on the page of an own registration.
    expect((await verify(await register(email), code)).status).toBe(400);
    expect(await find(email)).toBeNull();
  });

  it('mails the owner of a taken address, and answers the same as for a free one', async () => {
    const email = anAddress();
    await verify(await register(email), (await mail(email)).code);
    const [taken, free] = [
      await context.auth.json('/auth/register', { email, password: OTHER_PASSWORD }),
      await context.auth.json('/auth/register', { email: anAddress(), password: PASSWORD }),
    ].map(({ status, body }) => [status, Object.keys(body), body['verification']?.length]);
    expect(taken).toEqual(free);
    const { kind, code, link } = await mail(email);
    expect([kind, code, link]).toEqual(['address_taken', '', '']);
  });

  it('creates one account of ten confirmations at the same time', async () => {
    const email = anAddress();
    const attempts = await Promise.all(
      [1, 2].map(async () => {
        const verification = await register(email);
        return { verification, code: (await mail(email)).code };
      }),
    );
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => {
        const { verification = '', code = '' } = attempts[n % 2] ?? {};
        return verify(verification, code);
      }),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(9);
  });

  it('forgets a registration that was not confirmed in a day', async () => {
    const email = anAddress();
    const verification = await register(email);
    const { code } = await mail(email);
    context.auth.clock.advance({ seconds: 86_400 });
    expect((await verify(verification, code)).status).toBe(400);
    context.auth.clock.advance({ seconds: -86_400 });
  });
});

describe('a registration with EMAIL_VERIFICATION=optional', () => {
  const { context, register, registerOnPage, verify, mail, find, login } = startWith('optional');

  it('lets the user log in at once, and verifies the address by the code', async () => {
    const email = anAddress();
    const verification = await register(email);
    expect((await login(email)).status).toBe(200);
    const { code } = await mail(email);
    expect((await verify(verification, code)).status).toBe(204);
    const account = await find(email);
    expect(account && isVerified(account)).toBe(true);
    expect((await verify(verification, code)).status).toBe(400);
  });

  it('shows on the account page that the address is not verified, and sends a new code', async () => {
    const email = anAddress();
    const asking = await registerOnPage(email);
    const [, later = ''] = /id="later" href="([^"]+)"/.exec(asking.text) ?? [];
    const account = await context.browser.submitPassword(await context.browser.open(later), email);
    expect(account.text).toContain('Your e-mail address is not confirmed.');
    const action = { action: '/account/verify-email' };
    const page = await context.browser.follow(await context.browser.submit(account, {}, action));
    const { code } = await mail(email);
    const done = await context.browser.follow(await context.browser.submit(page, { code }));
    expect(done.text).toContain('Your e-mail address is confirmed.');
    expect((await context.browser.open('/account')).text).not.toContain('confirmed');
  });

  it('verifies by the link with one click in a browser that is signed in to the account', async () => {
    const email = anAddress();
    await register(email);
    const account = await find(email);
    const { link } = await mail(email);
    await context.browser.signIn({ id: account?.id ?? '' });
    const page = await context.browser.open(link);
    expect(page.text).not.toContain('type="password"');
    expect(titleOf(await context.browser.follow(await context.browser.submit(page)))).toBe(
      'Your account',
    );
    const verified = await find(email);
    expect(verified && isVerified(verified)).toBe(true);
  });

  it('changes nothing when a mail scanner opens the link', async () => {
    const email = anAddress();
    await register(email);
    const { link } = await mail(email);
    for (let visit = 0; visit < 2; visit += 1) {
      const page = await new TestBrowser(context.auth).open(link);
      expect(page.status).toBe(200);
      expect(page.headers.get('referrer-policy')).toBe('same-origin');
    }
    const account = await find(email);
    expect(account && isVerified(account)).toBe(false);
  });

  it('makes the password, sessions and consents of an attacker worthless when the owner resets the password (pre-registration)', async () => {
    const email = anAddress();
    await register(email, OTHER_PASSWORD);
    const { id = '' } = (await find(email)) ?? {};
    const client = await aClient(context.auth);
    const attacker = new TestBrowser(context.auth);
    await attacker.signIn({ id });
    await attacker.grantConsent({ id }, client);
    const unused = await attacker.obtainCode(client);
    const session = await login(email, OTHER_PASSWORD);

    await context.auth.json('/auth/password/forgotten', { email });
    const { token } = await mail(email);
    const reset = { token, new_password: 'the password of the owner' };
    expect((await context.auth.json('/auth/password/reset', reset)).status).toBe(204);

    expect((await login(email, OTHER_PASSWORD)).status).toBe(400);
    expect((await context.auth.refresh(session.body['refresh_token'] ?? '')).status).toBe(400);
    expect(titleOf(await attacker.visit('/account'))).toBe('Sign in');
    const consents = context.auth.app.get(ConsentService);
    const thirdParty = { id: client, firstParty: false };
    expect(await consents.hasConsent(id, thirdParty, ['openid'])).toBe(false);
    const exchange = { grant_type: 'authorization_code', code: unused, client_id: client };
    expect((await context.auth.token(exchange)).status).toBe(400);
    const owner = await find(email);
    expect(owner && isVerified(owner)).toBe(true);
  });

  it('mails the owner of a taken address, and changes nothing', async () => {
    const email = anAddress();
    await verify(await register(email), (await mail(email)).code);
    const verification = await register(email, OTHER_PASSWORD);
    const { kind, code } = await mail(email);
    expect([kind, code]).toEqual(['address_taken', '']);
    expect((await verify(verification, '12345678')).status).toBe(400);
    expect((await login(email)).status).toBe(200);
  });

  it('writes the mail in the language of the request', async () => {
    const email = anAddress();
    const headers = { 'accept-language': 'de-CH' };
    await context.auth.json('/auth/register', { email, password: PASSWORD }, headers);
    expect((await mail(email)).text).toContain('geben Sie diesen Code');
  });

  it('sends five mails an hour to one address, and each network has its own limit', async () => {
    const limited = await TestAuth.start({
      DEV_MAILBOX: 'true',
      RATE_LIMITS: 'recovery=7/3600',
      TRUST_PROXY: 'true',
    });
    const email = anAddress();
    await limited.register(email);
    const forgotten = (address: string) =>
      limited.json('/auth/password/forgotten', { email }, { 'x-forwarded-for': address });
    const statuses = [];
    for (let request = 0; request < 8; request += 1)
      statuses.push((await forgotten('192.0.2.1')).status);
    expect(statuses).toEqual([...Array.from({ length: 7 }, () => 202), 429]);
    // The victim in another network is answered, and the latest of the five links still works.
    expect((await forgotten('198.51.100.1')).status).toBe(202);
    const [latest] = (await readMails(limited, email)).filter(
      ({ kind }) => kind === 'reset_password',
    );
    const reset = { token: latest?.token, new_password: 'another good password' };
    expect((await limited.json('/auth/password/reset', reset)).status).toBe(204);
    const rows = await limited.app
      .get(UnitOfWork)
      .query<{ n: number }>('SELECT count(*) AS n FROM email_action WHERE kind = $1', [
        'reset_password',
      ]);
    expect(Number(rows[0]?.n)).toBe(0);
    await limited.stop();
  });
});
