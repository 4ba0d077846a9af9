import type { Account } from '../../src/accounts/account.entity.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { InteractionService } from '../../src/pages/interaction.service.js';
import {
  aClient,
  anAccount,
  buildAuthorizationQuery,
  CALLBACK,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import { decodeClaims, TestAuth, type TestResponse } from '../support/test-auth.js';

const OTHER = 'other@gatehouse.example';
let auth: TestAuth;
let person: Account;
let other: Account;
let client: string;
let browser: TestBrowser;

beforeAll(async () => {
  auth = await TestAuth.start();
  person = await anAccount(auth);
  other = await anAccount(auth, OTHER);
  client = await aClient(auth);
});
/** Somebody is logged in since a minute, and has consented. */
beforeEach(async () => {
  browser = new TestBrowser(auth);
  await browser.signIn(person);
  await browser.grantConsent(person, client);
  await browser.grantConsent(other, client);
  auth.clock.advance({ seconds: 60 });
});
afterAll(() => auth.stop());

const pageIn = ({ status, text }: TestResponse) =>
  status === 200 ? /<h1>([^<]*)/.exec(text)?.[1] : undefined;
const LOGIN = 'Sign in';

/** What the client learns of a login. */
async function idTokenOf(answer: TestResponse) {
  const { code = '' } = readRedirectParameters(answer);
  const { body } = await auth.token({
    grant_type: 'authorization_code',
    client_id: client,
    code,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
  });
  return { text: body['id_token'] ?? '', claims: decodeClaims(body['id_token']) };
}

describe('somebody who is not logged in', () => {
  it('logs in, and the client has its code', async () => {
    const fresh = new TestBrowser(auth);
    const page = await fresh.authorize(client, { login_hint: OTHER });
    expect(pageIn(page)).toBe(LOGIN);
    expect(page.text).toContain(`value="${OTHER}"`);
    const failed = await fresh.submitPassword(page, OTHER, 'not the password');
    expect(failed.status).toBe(400);
    expect(readRedirectParameters(await fresh.submitPassword(failed, OTHER))).toMatchObject({
      code: expect.any(String),
      state: 'a-state',
    });
  });

  it('is led to the login page below the path of the issuer', async () => {
    const other = await TestAuth.start({ ISSUER: 'https://example.org/auth' });
    const id = await aClient(other);
    const answer = await new TestBrowser(other).open(
      `/oauth/authorize?${buildAuthorizationQuery(id)}`,
    );
    expect(answer.headers.get('location')).toMatch(/^\/auth\/login\?ticket=/);
    await other.stop();
  });

  it('consents once', async () => {
    const id = await aClient(auth);
    const page = await browser.authorize(id, { scope: 'openid profile' });
    expect(pageIn(page)).toContain('asks for access');
    const allowed = await browser.follow(await browser.submit(page, { decision: 'allow' }));
    expect(readRedirectParameters(allowed)).toHaveProperty('code');
    expect(readRedirectParameters(await browser.authorize(id))).toHaveProperty('code');
    expect(pageIn(await browser.authorize(id, { scope: 'openid email' }))).toContain(
      'asks for access',
    );
  });

  it('refuses: access_denied (RFC 6749 §4.1.2.1)', async () => {
    const id = await aClient(auth);
    const page = await browser.authorize(id);
    const denied = await browser.follow(await browser.submit(page, { decision: 'deny' }));
    expect(readRedirectParameters(denied)).toMatchObject({
      error: 'access_denied',
      state: 'a-state',
    });
  });

  it('is not asked by a client of our own', async () => {
    const id = await aClient(auth, { firstParty: true });
    expect(readRedirectParameters(await browser.authorize(id))).toHaveProperty('code');
  });
});

describe('prompt (OpenID Connect Core §3.1.2.1)', () => {
  it('none: a code where nobody has to be asked', async () => {
    expect(
      readRedirectParameters(await browser.authorize(client, { prompt: 'none' })),
    ).toHaveProperty('code');
  });

  it('none: login_required where nobody is logged in', async () => {
    const answer = await new TestBrowser(auth).authorize(client, { prompt: 'none' });
    expect(readRedirectParameters(answer)).toMatchObject({
      error: 'login_required',
      state: 'a-state',
    });
  });

  it('none: consent_required where nobody consented', async () => {
    const id = await aClient(auth);
    expect(readRedirectParameters(await browser.authorize(id, { prompt: 'none' }))).toMatchObject({
      error: 'consent_required',
    });
  });

  it('none: login_required where the login is too old', async () => {
    const answer = await browser.authorize(client, { prompt: 'none', max_age: '59' });
    expect(readRedirectParameters(answer)).toMatchObject({ error: 'login_required' });
  });

  it('login: the person logs in again, and the client is told a later auth_time', async () => {
    const before = await idTokenOf(await browser.authorize(client));
    const page = await browser.authorize(client, { prompt: 'login' });
    expect(pageIn(page)).toBe(LOGIN);
    auth.clock.advance({ seconds: 5 });
    const after = await idTokenOf(await browser.submitPassword(page, person.email));
    expect(after.claims['auth_time']).toBe(Number(before.claims['auth_time']) + 65);
  });

  it('login: going past the page is of no use (RFC 9700 §4.7)', async () => {
    const first = await browser.open(authorizePath({ prompt: 'login' }));
    const ticket = ticketIn(first);
    const resumed = await browser.follow(
      await browser.open(`/oauth/authorize/continue?ticket=${ticket}`),
    );
    expect(pageIn(resumed)).toBe(LOGIN);
    expect(pageIn(await browser.authorize(client, { prompt: 'login' }))).toBe(LOGIN);
  });

  it('login: nor is a ticket that says something else', async () => {
    const ticket = ticketIn(await browser.open(authorizePath({ prompt: 'login' })));
    const [content = '', ...rest] = ticket.split('.');
    const interaction = JSON.parse(Buffer.from(content, 'base64url').toString());
    delete interaction.parameters.prompt;
    const forged = [Buffer.from(JSON.stringify(interaction)).toString('base64url'), ...rest].join(
      '.',
    );
    const answer = await browser.open(`/oauth/authorize/continue?ticket=${forged}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });

  it('the longest request for the longest scope comes back as it went', () => {
    const interactions = auth.app.get(InteractionService);
    // 5,000 bytes of parameters, and 2,000 characters of scope.
    const parameters = { client_id: client, state: '"'.repeat(2450) };
    const asked = Array.from({ length: 1000 }, (_, n) => String(n % 10));
    const interaction = { ...interactions.create({ parameters, asked }), chosen: person.id };
    const ticket = interactions.createTicket({ ...interaction, consented: person.id });
    expect(interactions.readTicket(ticket)).toEqual({ ...interaction, consented: person.id });
  });

  it('consent: the person is asked again', async () => {
    const page = await browser.authorize(client, { prompt: 'consent' });
    expect(pageIn(page)).toContain('asks for access');
    const allowed = await browser.follow(await browser.submit(page, { decision: 'allow' }));
    expect(readRedirectParameters(allowed)).toHaveProperty('code');
  });

  it('consent: what one person allowed is nothing that another did', async () => {
    const interactions = auth.app.get(InteractionService);
    const ticket = ticketIn(await browser.open(authorizePath({ prompt: 'consent' })));
    const interaction = interactions.readTicket(ticket);
    if (!interaction) throw new Error('no interaction');
    const ofAnother = interactions.createTicket({ ...interaction, consented: other.id });
    const answer = await browser.follow(
      await browser.open(`/oauth/authorize/continue?ticket=${ofAnother}`),
    );
    expect(pageIn(answer)).toContain('asks for access');
  });

  it('select_account: the person goes on, or logs in as somebody else', async () => {
    const page = await browser.authorize(client, { prompt: 'select_account' });
    expect(pageIn(page)).toBe('Choose an account');
    expect(readRedirectParameters(await browser.follow(await browser.submit(page)))).toHaveProperty(
      'code',
    );
    const [, elsewhere = ''] = /href="(\/login[^"]*)"/.exec(page.text) ?? [];
    const login = await browser.open(elsewhere.replaceAll('&amp;', '&'));
    const { claims } = await idTokenOf(await browser.submitPassword(login, OTHER));
    expect(claims['sub']).toBe(other.id);
  });

  it('login and consent together: both', async () => {
    const login = await browser.authorize(client, { prompt: 'login consent' });
    expect(pageIn(login)).toBe(LOGIN);
    const consent = await browser.submitPassword(login, person.email);
    expect(pageIn(consent)).toContain('asks for access');
    const done = await browser.follow(await browser.submit(consent, { decision: 'allow' }));
    expect(readRedirectParameters(done)).toHaveProperty('code');
  });
});

describe('max_age (OpenID Connect Core §3.1.2.1)', () => {
  it.each([
    ['10000', true],
    ['61', true],
    ['60', false],
    ['1', false],
    ['0', false],
  ])('%s seconds, of a login a minute ago', async (max_age, isEnough) => {
    const answer = await browser.authorize(client, { max_age });
    expect('code' in readRedirectParameters(answer)).toBe(isEnough);
    if (!isEnough) {
      expect(pageIn(answer)).toBe(LOGIN);
      auth.clock.advance({ seconds: 100 });
      expect(
        readRedirectParameters(await browser.submitPassword(answer, person.email)),
      ).toHaveProperty('code');
    }
  });
});

describe('who is meant (OpenID Connect Core §3.1.2.1, id_token_hint)', () => {
  const hintFor = async (account: Account) => {
    const one = new TestBrowser(auth);
    await one.signIn(account);
    return (await idTokenOf(await one.authorize(client))).text;
  };

  it('is who is logged in: the same subject and auth_time, without a page', async () => {
    const { text, claims } = await idTokenOf(await browser.authorize(client));
    // It has expired long ago: a hint proves nothing.
    auth.clock.advance({ seconds: 3000 });
    const answer = await browser.authorize(client, { prompt: 'none', id_token_hint: text });
    const { sub, auth_time } = (await idTokenOf(answer)).claims;
    expect({ sub, auth_time }).toEqual({ sub: claims['sub'], auth_time: claims['auth_time'] });
  });

  it('is as long as an ID token of ours with many claims', async () => {
    const long = 'x'.repeat(500);
    const claims = { name: long, given_name: long, middle_name: long, family_name: long };
    await auth.app.get(AccountOperationsService).setClaims(person.id, claims, 'operator');
    const wish = Object.fromEntries(Object.keys(claims).map((name) => [name, null]));
    const asking = { claims: JSON.stringify({ id_token: wish }) };
    const { text } = await idTokenOf(await browser.authorize(client, asking));
    expect(text.length).toBeGreaterThan(3200);
    const silent = await browser.authorize(client, { prompt: 'none', id_token_hint: text });
    expect(readRedirectParameters(silent)).toHaveProperty('code');
  });

  it('is somebody else: nobody is switched, and the client is told so', async () => {
    const id_token_hint = await hintFor(other);
    const silent = await browser.authorize(client, { prompt: 'none', id_token_hint });
    expect(readRedirectParameters(silent)).toMatchObject({ error: 'login_required' });

    const page = await browser.authorize(client, { id_token_hint });
    expect(pageIn(page)).toBe(LOGIN);
    const asOneself = await browser.submitPassword(page, person.email);
    expect(readRedirectParameters(asOneself)).toMatchObject({ error: 'login_required' });
    auth.clock.advance({ seconds: 1 });
    const again = await browser.authorize(client, { id_token_hint });
    const { claims } = await idTokenOf(await browser.submitPassword(again, OTHER));
    expect(claims['sub']).toBe(other.id);
  });

  it.each<[string, (genuine: string) => string | Promise<string>]>([
    ['unsigned', (genuine) => `${encoded({ alg: 'none', typ: 'JWT' })}.${genuine.split('.')[1]}.`],
    ['changed', (genuine) => changed(genuine, { sub: other.id })],
    ['of another issuer', (genuine) => changed(genuine, { iss: 'https://evil.example' })],
    [
      'for another client',
      async () => {
        const id = await aClient(auth, { firstParty: true });
        const code = await browser.obtainCode(id);
        const { body } = await auth.token({
          grant_type: 'authorization_code',
          client_id: id,
          code,
          redirect_uri: CALLBACK,
          code_verifier: VERIFIER,
        });
        return body['id_token'] ?? '';
      },
    ],
    ['an access token', async () => (await auth.createLogin()).access_token],
    ['no token at all', () => 'x.y.z'],
  ])('is not told by a hint that is %s: only a login will do', async (_, made) => {
    const { text } = await idTokenOf(await browser.authorize(client));
    const id_token_hint = await made(text);
    const silent = await browser.authorize(client, { prompt: 'none', id_token_hint });
    expect(readRedirectParameters(silent)).toMatchObject({ error: 'login_required' });
    const page = await browser.authorize(client, { id_token_hint });
    expect(pageIn(page)).toBe(LOGIN);
    expect(readRedirectParameters(await browser.submitPassword(page, person.email))).toHaveProperty(
      'code',
    );
  });

  it('is told by sub as well (§5.5.1)', async () => {
    const claims = (sub: string) => JSON.stringify({ id_token: { sub: { value: sub } } });
    const right = await browser.authorize(client, { prompt: 'none', claims: claims(person.id) });
    expect(readRedirectParameters(right)).toHaveProperty('code');
    const wrong = await browser.authorize(client, { prompt: 'none', claims: claims(other.id) });
    expect(readRedirectParameters(wrong)).toMatchObject({ error: 'login_required' });
  });
});

describe('a request that waits for a person', () => {
  it('waits half an hour', async () => {
    const ticket = ticketIn(await browser.open(authorizePath({ prompt: 'login' })));
    auth.clock.advance({ seconds: 1799 });
    expect((await browser.open(`/oauth/authorize/continue?ticket=${ticket}`)).status).toBe(303);
    auth.clock.advance({ seconds: 1 });
    expect((await browser.open(`/oauth/authorize/continue?ticket=${ticket}`)).status).toBe(400);
  });

  it.each([
    ['none', ''],
    ['an empty one', '?ticket='],
    ['nonsense', '?ticket=x'],
    ['two', '?ticket=a.b.c&ticket=d'],
    ['a very long one', `?ticket=${'x'.repeat(9000)}`],
  ])('is nothing without its ticket, but with %s', async (_, query) => {
    const answer = await browser.open(`/oauth/authorize/continue${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });

  it('is judged anew: somebody who was logged out meanwhile logs in again', async () => {
    const sessions = auth.app.get(BrowserSessionService);
    const ticket = ticketIn(await browser.open(authorizePath({ prompt: 'consent' })));
    for (const { id } of await sessions.listActive(person.id)) await sessions.revoke(id);
    const answer = await browser.open(`/oauth/authorize/continue?ticket=${ticket}`);
    expect(pageIn(await browser.follow(answer))).toBe(LOGIN);
  });

  it('is judged anew: a client that was disabled meanwhile gets nothing', async () => {
    const id = await aClient(auth);
    const page = await browser.authorize(id);
    await auth.app.get(ClientRepository).disable(id);
    const answer = await browser.follow(await browser.submit(page, { decision: 'allow' }));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });
});

const authorizePath = (more: Record<string, string>): string =>
  `/oauth/authorize?${buildAuthorizationQuery(client, more)}`;

const ticketIn = (answer: TestResponse): string => readRedirectParameters(answer)['ticket'] ?? '';

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const changed = (genuine: string, more: object): string => {
  const [head, , signature] = genuine.split('.');
  return [head, encoded({ ...decodeClaims(genuine), ...more }), signature].join('.');
};
