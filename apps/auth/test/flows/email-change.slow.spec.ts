import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import type { Account } from '../../src/accounts/account.entity.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { EmailActionService } from '../../src/accounts/email-action.service.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { aClient, anAccount, CALLBACK, TestBrowser, VERIFIER } from '../support/test-browser.js';
import { TestMailServer } from '../support/test-mail-server.js';
import {
  decodeClaims,
  ISSUER,
  PASSWORD,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const NEW_PASSWORD = 'another good password';
const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];

eachDatabase('a change of the e-mail address', (fresh) => {
  const mailServer = new TestMailServer();
  let auth: TestAuth;
  /** Another replica on the same database. */
  let replica: TestAuth;
  let person: Account;
  let count = 0;
  beforeAll(async () => {
    const settings = { ...toDatabaseSettings(await fresh()), SMTP_URL: await mailServer.start() };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
  });
  beforeEach(async () => {
    person = await anAccount(auth);
    await auth.app.get(AccountOperationsService).verifyEmail(person.id, 'operator');
    mailServer.mails.length = 0;
  });
  afterAll(() => mailServer.stop());

  const aNewAddress = () => `new-${(count += 1)}@gatehouse.example`;
  const aToken = async () => {
    const scope = 'account:email account:password sessions:read';
    const { body } = await auth.login(person.email, { resource: ISSUER, scope });
    return body['access_token'] ?? '';
  };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const post = (path: string, body: Record<string, string>, token: string) =>
    auth.json(path, body, bearer(token));
  const request = (token: string, new_email: string, current_password = PASSWORD) =>
    post('/auth/email', { new_email, current_password }, token);
  const codeOf = (verification: string) =>
    auth.app.get(EmailActionService).createCode(verification);
  const confirm = (token: string, { body }: TestResponse, on = auth) => {
    const { verification = '' } = body;
    const words = { verification, code: codeOf(verification) };
    return on.json('/auth/email/confirm', words, bearer(token));
  };
  const emailOf = async ({ id } = person) =>
    (await auth.app.get(AccountRepository).find(id))?.email;
  const sendMails = async () => {
    // One run sends a batch of ten.
    for (let run = 0; run < 5; run += 1) {
      await auth.app.get(Scheduler).runNow('e-mail-actions');
      await auth.app.get(Scheduler).runNow('notifications');
    }
  };
  const mailsTo = (address: string) =>
    mailServer.mails
      .filter(({ to }) => to.includes(address))
      .map(({ text }) => text.replaceAll('=\r\n', '').replaceAll('=3D', '='));
  const subjectsTo = (address: string) =>
    mailsTo(address).map((text) => /^Subject: (.*)\r$/m.exec(text)?.[1]);
  const linkIn = (text = '') => new URL(/http\S+/.exec(text)?.[0] ?? ISSUER);
  const aSignedInBrowser = async (account = person) => {
    const browser = new TestBrowser(auth);
    await browser.signIn(account);
    return browser;
  };

  it('changes the address only when the code of the new address arrives', async () => {
    const [token, email] = [await aToken(), aNewAddress()];
    const answer = await request(token, email);
    expect(answer.status).toBe(202);
    expect(await emailOf()).toBe(person.email);
    expect((await confirm(token, answer)).status).toBe(204);
    expect(await emailOf()).toBe(email);
    expect((await auth.login(person.email)).status).toBe(400);
    expect((await auth.login(email)).status).toBe(200);
  });

  it('shows the new address as verified in ID tokens and userinfo', async () => {
    const client = await aClient(auth);
    const browser = await aSignedInBrowser();
    await browser.grantConsent(person, client);
    const [token, email] = [await aToken(), aNewAddress()];
    await confirm(token, await request(token, email));
    const again = await aSignedInBrowser();
    const { body } = await auth.token({
      grant_type: 'authorization_code',
      client_id: client,
      code: await again.obtainCode(client, { scope: 'openid email' }),
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
    const claims = { email, email_verified: true };
    expect(decodeClaims(body['id_token'])).toMatchObject(claims);
    const headers = { authorization: `Bearer ${body['access_token']}` };
    expect((await auth.send('/userinfo', { headers })).body).toMatchObject(claims);
  });

  it('keeps the session of the request, and ends all others', async () => {
    const elsewhere = (await auth.login(person.email)).body['refresh_token'] ?? '';
    const browser = await aSignedInBrowser();
    const token = await aToken();
    await confirm(token, await request(token, aNewAddress()));
    const headers = { authorization: `Bearer ${token}` };
    expect((await auth.send('/auth/sessions', { headers })).status).toBe(200);
    expect((await auth.refresh(elsewhere)).status).toBe(400);
    expect((await browser.open('/account')).status).toBe(303);
  });

  it('changes nothing with a wrong password, an own address, a wrong code or no address', async () => {
    const [token, email] = [await aToken(), aNewAddress()];
    expect((await request(token, email, 'a guess')).body).toMatchObject({ error: 'invalid_grant' });
    expect((await request(token, person.email.toUpperCase())).status).toBe(400);
    expect((await request(token, 'no address')).status).toBe(400);
    const { verification = '' } = (await request(token, email)).body;
    const code = String((Number(codeOf(verification)) + 1) % 10 ** 8).padStart(8, '0');
    expect((await post('/auth/email/confirm', { verification, code }, token)).status).toBe(400);
    expect(await emailOf()).toBe(person.email);
  });

  it('gives one success to ten confirmations at once, on two replicas', async () => {
    const [token, email] = [await aToken(), aNewAddress()];
    const answer = await request(token, email);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => confirm(token, answer, n % 2 ? auth : replica)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    for (const status of statuses) expect([204, 400]).toContain(status);
    expect(await emailOf()).toBe(email);
  });

  it('gives an address to one of two accounts that confirm it at once, without a server error', async () => {
    for (let round = 0; round < 5; round += 1) {
      const email = aNewAddress();
      const accounts = await Promise.all([anAccount(auth), anAccount(auth)]);
      const verifications = await Promise.all(
        accounts.map(({ id: accountId, passwordHash }) =>
          auth.app
            .get(EmailActionService)
            .save({ kind: 'change_email', accountId, email, passwordHash, language: 'en' }),
        ),
      );
      const answers = await Promise.all(
        verifications.map((verification, n) =>
          (n ? auth : replica).json('/auth/email/verify', {
            verification,
            code: codeOf(verification),
          }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
      const addresses = await Promise.all(accounts.map(emailOf));
      expect(addresses.filter((address) => address === email)).toHaveLength(1);
    }
  });

  it('answers alike for an address that has an account, and tells its owner (decision 6)', async () => {
    const owner = await anAccount(auth);
    const token = await aToken();
    const [free, taken] = [await request(token, aNewAddress()), await request(token, owner.email)];
    const describe = ({ status, body }: TestResponse) => [status, Object.keys(body)];
    expect(describe(taken)).toEqual(describe(free));
    await sendMails();
    expect(subjectsTo(owner.email)).toContain('You already have an account');
    expect((await confirm(token, taken)).status).toBe(400);
    expect([await emailOf(), await emailOf(owner)]).toEqual([person.email, owner.email]);
  });

  it('ends a request when the password changes, so that the owner can stop a thief', async () => {
    const token = await aToken();
    const answer = await request(token, aNewAddress());
    await post('/auth/password', { current_password: PASSWORD, new_password: NEW_PASSWORD }, token);
    expect((await confirm(token, answer)).status).toBe(400);
    expect(await emailOf()).toBe(person.email);
  });

  it('sends at most five mails an hour for one user, also to different addresses', async () => {
    const limited = await TestAuth.start({ RATE_LIMITS: 'mail=5/3600' });
    const { email } = await anAccount(limited);
    const { body } = await limited.login(email, { resource: ISSUER, scope: 'account:email' });
    const headers = { authorization: `Bearer ${body['access_token']}` };
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const words = { current_password: PASSWORD, new_email: `target-${n}@gatehouse.example` };
      statuses.push((await limited.json('/auth/email', words, headers)).status);
    }
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429]);
    await limited.stop();
  });

  describe('the mail to the old address', () => {
    /** A thief who knows the password changes the address. @returns the link of the mail to the owner */
    const changeByThief = async (email = aNewAddress()) => {
      const token = await aToken();
      await confirm(token, await request(token, email));
      await sendMails();
      for (const { clock } of [auth, replica]) clock.advance({ seconds: 1 });
      return linkIn(mailsTo(person.email).at(-1));
    };
    const restore = async ({ pathname, search }: URL, password = NEW_PASSWORD) => {
      const browser = new TestBrowser(auth);
      return browser.submit(await browser.open(`${pathname}${search}`), { password });
    };

    it('restores the address with a new password, and ends the sessions of the thief', async () => {
      const email = aNewAddress();
      const link = await changeByThief(email);
      expect(subjectsTo(person.email)).toEqual(['Your e-mail address was changed']);
      const thief = (await auth.login(email)).body['refresh_token'] ?? '';
      expect((await restore(link)).status).toBe(303);
      expect(await emailOf()).toBe(person.email);
      expect((await auth.refresh(thief)).status).toBe(400);
      expect((await auth.login(person.email)).status).toBe(400);
      expect((await auth.login(person.email, { password: NEW_PASSWORD })).status).toBe(200);
    });

    it('restores nothing at GET, as link scanners send it, and nothing a second time', async () => {
      const link = await changeByThief();
      await new TestBrowser(auth).open(`${link.pathname}${link.search}`);
      expect(await emailOf()).not.toBe(person.email);
      await restore(link);
      expect(titleOf(await new TestBrowser(auth).open(`${link.pathname}${link.search}`))).toBe(
        'This link is not valid',
      );
    });

    it('keeps its link valid when the thief changes the address again, and resets the password', async () => {
      const first = aNewAddress();
      const link = await changeByThief(first);
      const { body } = await auth.login(first, { resource: ISSUER, scope: 'account:email' });
      const token = body['access_token'] ?? '';
      const second = aNewAddress();
      await confirm(token, await request(token, second));
      await sendMails();
      const linkOfThief = linkIn(mailsTo(first).at(-1));
      expect((await restore(linkOfThief, 'the password of the thief')).status).toBe(303);
      expect(await emailOf()).toBe(first);
      expect((await restore(link)).status).toBe(303);
      expect(await emailOf()).toBe(person.email);
    });

    it('ends the links of the thief when the owner restores the address', async () => {
      const first = aNewAddress();
      const link = await changeByThief(first);
      const { body } = await auth.login(first, { resource: ISSUER, scope: 'account:email' });
      const token = body['access_token'] ?? '';
      await confirm(token, await request(token, aNewAddress()));
      await sendMails();
      const linkOfThief = linkIn(mailsTo(first).at(-1));
      await restore(link);
      const { pathname, search } = linkOfThief;
      expect((await new TestBrowser(auth).open(`${pathname}${search}`)).status).toBe(400);
    });

    it('keeps the old address reserved for its owner, so that a thief cannot register it', async () => {
      const link = await changeByThief();
      await auth.register(person.email, 'the password of the thief');
      const other = await anAccount(auth);
      const { body } = await auth.login(other.email, { resource: ISSUER, scope: 'account:email' });
      const token = body['access_token'] ?? '';
      await confirm(token, await request(token, person.email));
      expect((await restore(link)).status).toBe(303);
      expect(await emailOf()).toBe(person.email);
    });

    it('contains no link if the old address was never verified, because it may be a stranger’s', async () => {
      person = await anAccount(auth);
      const token = await aToken();
      await confirm(token, await request(token, aNewAddress()));
      await sendMails();
      const mail = mailsTo(person.email).find((text) => text.includes('address was changed'));
      expect(mail).toBeDefined();
      expect(mail).not.toMatch(/https?:/);
    });
  });

  describe('the page', () => {
    const submit = async (browser: TestBrowser, new_email: string, current_password = PASSWORD) =>
      browser.submit(await browser.open('/account/email'), { new_email, current_password });

    it('leads to the code, then to the account page, and keeps this browser signed in', async () => {
      const [browser, elsewhere] = [await aSignedInBrowser(), await aSignedInBrowser()];
      const email = aNewAddress();
      const page = await browser.follow(await submit(browser, email));
      const [, verification = ''] = /name="verification" value="([^"]+)"/.exec(page.text) ?? [];
      const answer = await browser.submit(page, { code: codeOf(verification) });
      const account = await browser.follow(answer);
      expect(account.text).toContain('Your e-mail address was changed.');
      expect(account.text).toContain(email);
      expect((await elsewhere.open('/account')).status).toBe(303);
    });

    it('changes the address by the link of the mail, with the password in another browser', async () => {
      const email = aNewAddress();
      await submit(await aSignedInBrowser(), email);
      await sendMails();
      const { pathname, search } = linkIn(mailsTo(email)[0]);
      const phone = new TestBrowser(auth);
      const page = await phone.open(`${pathname}${search}`);
      expect((await phone.submit(page, { password: 'a guess' })).status).toBe(400);
      expect(await emailOf()).toBe(person.email);
      expect((await phone.submit(page, { password: PASSWORD })).status).toBe(303);
      expect(await emailOf()).toBe(email);
    });

    it.each([
      ['a wrong password', 'free@gatehouse.example', 'a guess', 'current password is wrong'],
      ['no address', 'nothing', PASSWORD, 'Enter an e-mail address'],
      ['an address with a control character', 'a\u0000b@x.example', PASSWORD, 'Enter an e-mail'],
    ])('names the fault of %s beside its field', async (_, email, password, text) => {
      const answer = await submit(await aSignedInBrowser(), email, password);
      expect([answer.status, titleOf(answer)]).toEqual([400, 'Change your e\u2011mail address']);
      expect(answer.text).toContain(text);
      expect(answer.text.match(/role="alert"/g)).toHaveLength(1);
    });

    it('names the own address as a fault', async () => {
      const answer = await submit(await aSignedInBrowser(), person.email);
      expect(answer.text).toContain('This is your address already.');
    });
  });

  it('records the change as a security event without an address', async () => {
    const [token, email] = [await aToken(), aNewAddress()];
    await confirm(token, await request(token, email));
    const rows = await auth.app
      .get(UnitOfWork)
      .query<{ type: string; detail: string }>(
        `SELECT type, detail FROM security_event WHERE account_id = $1 AND type = 'account.email_changed'`,
        [person.id],
      );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('@');
  });
});
