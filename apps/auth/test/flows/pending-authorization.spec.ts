import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Account } from '../../src/accounts/account.entity.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { InteractionService } from '../../src/pages/interaction.service.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { PASSWORD, TestAuth, type TestResponse } from '../support/test-auth.js';
import {
  aClient,
  anAccount,
  buildAuthorizationQuery,
  readRedirectParameters,
  TestBrowser,
} from '../support/test-browser.js';

describe('pending authorization request', () => {
  let auth: TestAuth;
  let user: Account;
  let client: string;
  let browser: TestBrowser;

  beforeAll(async () => {
    auth = await TestAuth.start();
    user = await anAccount(auth);
    client = await aClient(auth);
  });
  /** A user logged in one minute ago and has consented to the client. */
  beforeEach(async () => {
    browser = new TestBrowser(auth);
    await browser.signIn(user);
    await browser.grantConsent(user, client);
    auth.clock.advance({ seconds: 60 });
  });
  afterAll(() => auth.stop());

  const openAuthorization = (more: Record<string, string>) =>
    browser.open(`/oauth/authorize?${buildAuthorizationQuery(client, more)}`);

  const ticketIn = (answer: TestResponse): string => readRedirectParameters(answer)['ticket'] ?? '';

  it('expires after half an hour', async () => {
    const ticket = ticketIn(await openAuthorization({ prompt: 'login' }));
    auth.clock.advance({ seconds: 1799 });
    expect((await browser.open(`/oauth/authorize/continue?ticket=${ticket}`)).status).toBe(303);
    auth.clock.advance({ seconds: 1 });
    expect((await browser.open(`/oauth/authorize/continue?ticket=${ticket}`)).status).toBe(400);
  });

  it.each([
    ['no ticket', ''],
    ['an empty ticket', '?ticket='],
    ['a malformed ticket', '?ticket=x'],
    ['two tickets', '?ticket=a.b.c&ticket=d'],
    ['a very long ticket', `?ticket=${'x'.repeat(9000)}`],
  ])('rejects a continuation with %s', async (_, query) => {
    const answer = await browser.open(`/oauth/authorize/continue${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });

  it('fits into 4 KiB of headers, as nginx accepts by default, with a long state', async () => {
    const production = await TestAuth.start({ ISSUER: 'https://auth.example.org' });
    const { email } = await anAccount(production);
    const random = (length: number) => randomBytes(length).toString('base64url').slice(0, length);
    const query = buildAuthorizationQuery(await aClient(production), {
      state: random(2000),
      nonce: random(43),
      login_hint: email,
      scope: 'openid profile email offline_access photos:read tickets:read',
      claims: JSON.stringify({ userinfo: { email: null, name: null }, id_token: { acr: null } }),
    });
    const user = new TestBrowser(production);
    const redirect = await user.open(`/oauth/authorize?${query}`);
    const page = await user.follow(redirect);
    const login = await user.submit(page, { login: email, password: PASSWORD });
    for (const { status, headers } of [redirect, login]) {
      const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
      expect(status).toBe(303);
      expect(lines.join('').length).toBeLessThan(4000);
    }
    await production.stop();
  });

  it('keeps a long request unchanged in its ticket', () => {
    const interactions = auth.app.get(InteractionService);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (state) => {
        const interaction = interactions.create({ parameters: { state }, asked: ['openid'] });
        const ticket = interactions.createTicket(interaction);
        expect(interactions.readTicket(ticket)).toEqual(interaction);
        expect(interactions.readTicket(ticket.replace(/^../, '__'))).toBeUndefined();
      }),
    );
  });

  it('requires a login if the user logged out meanwhile', async () => {
    const sessions = auth.app.get(BrowserSessionService);
    const ticket = ticketIn(await openAuthorization({ prompt: 'consent' }));
    for (const { id } of await sessions.listActive(user.id)) await sessions.revoke(id);
    const answer = await browser.open(`/oauth/authorize/continue?ticket=${ticket}`);
    expect((await browser.follow(answer)).text).toContain('<h1>Sign in</h1>');
  });

  it('shows an error page if the client was disabled meanwhile', async () => {
    const id = await aClient(auth);
    const page = await browser.authorize(id);
    await auth.app.get(ClientRepository).disable(id);
    const answer = await browser.follow(await browser.submit(page, { decision: 'allow' }));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });
});
