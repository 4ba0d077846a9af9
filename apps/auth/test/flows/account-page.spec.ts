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
import { TestAuth } from '../support/test-auth.js';

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
