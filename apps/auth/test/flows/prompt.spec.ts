import type { Account } from '../../src/accounts/account.entity.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
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
import { SigningKeyService } from '../../src/tokens/keys/signing-key.service.js';
import {
  decodeClaims,
  decodeHeader,
  PASSWORD,
  TestAuth,
  type TestResponse,
} from '../support/test-auth.js';

const OTHER = 'other@gatehouse.example';
let auth: TestAuth;
let user: Account;
let other: Account;
let client: string;
let browser: TestBrowser;

beforeAll(async () => {
  auth = await TestAuth.start();
  user = await anAccount(auth);
  other = await anAccount(auth, OTHER);
  client = await aClient(auth);
});
/** A user logged in one minute ago and has consented to the client. */
beforeEach(async () => {
  browser = new TestBrowser(auth);
  await browser.signIn(user);
  await browser.grantConsent(user, client);
  await browser.grantConsent(other, client);
  auth.clock.advance({ seconds: 60 });
});
afterAll(() => auth.stop());

const pageIn = ({ status, text }: TestResponse) =>
  status === 200 ? /<h1>([^<]*)/.exec(text)?.[1] : undefined;
const LOGIN = 'Sign in';

/** The ID token for the code of a response. */
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

describe('login and consent', () => {
  it('shows the login page with the login_hint and issues a code after the login', async () => {
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

  it('redirects to the login page below the path of the issuer', async () => {
    const other = await TestAuth.start({ ISSUER: 'https://example.org/auth' });
    const id = await aClient(other);
    const answer = await new TestBrowser(other).open(
      `/oauth/authorize?${buildAuthorizationQuery(id)}`,
    );
    expect(answer.headers.get('location')).toMatch(/^\/auth\/login\?ticket=/);
    await other.stop();
  });

  it('asks for consent once per scope', async () => {
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

  it('redirects with access_denied if the user refuses (RFC 6749 §4.1.2.1)', async () => {
    const id = await aClient(auth);
    const page = await browser.authorize(id);
    const denied = await browser.follow(await browser.submit(page, { decision: 'deny' }));
    expect(readRedirectParameters(denied)).toMatchObject({
      error: 'access_denied',
      state: 'a-state',
    });
  });

  it('does not ask for consent to a first-party client', async () => {
    const id = await aClient(auth, { firstParty: true });
    expect(readRedirectParameters(await browser.authorize(id))).toHaveProperty('code');
  });
});

describe('prompt (OpenID Connect Core §3.1.2.1)', () => {
  it('issues a code for prompt=none if no interaction is required', async () => {
    expect(
      readRedirectParameters(await browser.authorize(client, { prompt: 'none' })),
    ).toHaveProperty('code');
  });

  it('redirects with login_required for prompt=none without a session', async () => {
    const answer = await new TestBrowser(auth).authorize(client, { prompt: 'none' });
    expect(readRedirectParameters(answer)).toMatchObject({
      error: 'login_required',
      state: 'a-state',
    });
  });

  it('redirects with consent_required for prompt=none without consent', async () => {
    const id = await aClient(auth);
    expect(readRedirectParameters(await browser.authorize(id, { prompt: 'none' }))).toMatchObject({
      error: 'consent_required',
    });
  });

  it('redirects with login_required for prompt=none if the login is older than max_age', async () => {
    const answer = await browser.authorize(client, { prompt: 'none', max_age: '59' });
    expect(readRedirectParameters(answer)).toMatchObject({ error: 'login_required' });
  });

  it('requires a new login for prompt=login, which sets a later auth_time', async () => {
    const before = await idTokenOf(await browser.authorize(client));
    const page = await browser.authorize(client, { prompt: 'login' });
    expect(pageIn(page)).toBe(LOGIN);
    auth.clock.advance({ seconds: 5 });
    const after = await idTokenOf(await browser.submitPassword(page, user.email));
    expect(after.claims['auth_time']).toBe(Number(before.claims['auth_time']) + 65);
  });

  it('shows the login page again for prompt=login if the user skips it (RFC 9700 §4.7)', async () => {
    const first = await browser.open(authorizePath({ prompt: 'login' }));
    const ticket = ticketIn(first);
    const resumed = await browser.follow(
      await browser.open(`/oauth/authorize/continue?ticket=${ticket}`),
    );
    expect(pageIn(resumed)).toBe(LOGIN);
    expect(pageIn(await browser.authorize(client, { prompt: 'login' }))).toBe(LOGIN);
  });

  it('rejects a ticket from which prompt=login was removed', async () => {
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

  it('keeps the longest request with the longest scope in a ticket', () => {
    const interactions = auth.app.get(InteractionService);
    // 5,000 bytes of parameters, and 2,000 characters of scope.
    const parameters = { client_id: client, state: '"'.repeat(2450) };
    const asked = Array.from({ length: 1000 }, (_, n) => String(n % 10));
    const interaction = { ...interactions.create({ parameters, asked }), chosen: user.id };
    const ticket = interactions.createTicket({ ...interaction, consented: user.id });
    expect(interactions.readTicket(ticket)).toEqual({ ...interaction, consented: user.id });
  });

  it('asks for consent again for prompt=consent', async () => {
    const page = await browser.authorize(client, { prompt: 'consent' });
    expect(pageIn(page)).toContain('asks for access');
    const allowed = await browser.follow(await browser.submit(page, { decision: 'allow' }));
    expect(readRedirectParameters(allowed)).toHaveProperty('code');
  });

  it('ignores the consent of another account in the ticket', async () => {
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

  it('lets the user continue or change the account for prompt=select_account', async () => {
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

  it('requires a new login and a new consent for prompt=login consent', async () => {
    const login = await browser.authorize(client, { prompt: 'login consent' });
    expect(pageIn(login)).toBe(LOGIN);
    const consent = await browser.submitPassword(login, user.email);
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
  ])(
    'compares max_age=%s with a login of one minute ago (accepted: %s)',
    async (max_age, isAccepted) => {
      const answer = await browser.authorize(client, { max_age });
      expect('code' in readRedirectParameters(answer)).toBe(isAccepted);
      if (!isAccepted) {
        expect(pageIn(answer)).toBe(LOGIN);
        auth.clock.advance({ seconds: 100 });
        expect(
          readRedirectParameters(await browser.submitPassword(answer, user.email)),
        ).toHaveProperty('code');
      }
    },
  );
});

describe('prompt=create (Initiating User Registration via OpenID Connect 1.0 §4)', () => {
  it.each([
    ['without a session', () => new TestBrowser(auth)],
    ['beside a session', () => browser],
  ])('shows the registration page %s and issues a code to the new account', async (_, choose) => {
    const own = choose();
    const page = await own.authorize(client, { prompt: 'create' });
    expect(pageIn(page)).toBe('Create an account');
    const login = `new-${accounts++}@gatehouse.example`;
    const asking = await own.submit(page, { login, password: PASSWORD });
    const registered = await own.confirmLater(asking);
    expect(pageIn(registered)).toBe(LOGIN);
    const consent = await own.submitPassword(registered, login);
    const answer = await own.follow(await own.submit(consent, { decision: 'allow' }));
    const { claims } = await idTokenOf(answer);
    expect(claims['sub']).not.toBe(user.id);
  });
  let accounts = 0;
});

describe('expected user (OpenID Connect Core §3.1.2.1, id_token_hint)', () => {
  const hintFor = async (account: Account) => {
    const ownBrowser = new TestBrowser(auth);
    await ownBrowser.signIn(account);
    return (await idTokenOf(await ownBrowser.authorize(client))).text;
  };

  it('issues a code without a page if the hint names the logged-in user', async () => {
    const { text, claims } = await idTokenOf(await browser.authorize(client));
    // The hint has expired, which is allowed, because a hint is no proof.
    auth.clock.advance({ seconds: 3000 });
    const answer = await browser.authorize(client, { prompt: 'none', id_token_hint: text });
    const { sub, auth_time } = (await idTokenOf(answer)).claims;
    expect({ sub, auth_time }).toEqual({ sub: claims['sub'], auth_time: claims['auth_time'] });
  });

  it('accepts a long ID token with many claims as hint', async () => {
    const long = 'x'.repeat(500);
    const claims = { name: long, given_name: long, middle_name: long, family_name: long };
    await auth.app.get(AccountOperationsService).setClaims(user.id, claims, 'operator');
    const requested = Object.fromEntries(Object.keys(claims).map((name) => [name, null]));
    const parameters = { claims: JSON.stringify({ id_token: requested }) };
    const { text } = await idTokenOf(await browser.authorize(client, parameters));
    expect(text.length).toBeGreaterThan(3200);
    const silent = await browser.authorize(client, { prompt: 'none', id_token_hint: text });
    expect(readRedirectParameters(silent)).toHaveProperty('code');
  });

  it('requires a login of the hinted user and does not switch the account', async () => {
    const id_token_hint = await hintFor(other);
    const silent = await browser.authorize(client, { prompt: 'none', id_token_hint });
    expect(readRedirectParameters(silent)).toMatchObject({ error: 'login_required' });

    const page = await browser.authorize(client, { id_token_hint });
    expect(pageIn(page)).toBe(LOGIN);
    const sameUser = await browser.submitPassword(page, user.email);
    expect(readRedirectParameters(sameUser)).toMatchObject({ error: 'login_required' });
    auth.clock.advance({ seconds: 1 });
    const again = await browser.authorize(client, { id_token_hint });
    const { claims } = await idTokenOf(await browser.submitPassword(again, OTHER));
    expect(claims['sub']).toBe(other.id);
  });

  it.each<[string, (genuine: string) => string | Promise<string>]>([
    ['that was changed', (genuine) => changed(genuine, { sub: other.id })],
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
  ])('requires a login for a hint %s', async (_, createHint) => {
    const { text } = await idTokenOf(await browser.authorize(client));
    const id_token_hint = await createHint(text);
    const silent = await browser.authorize(client, { prompt: 'none', id_token_hint });
    expect(readRedirectParameters(silent)).toMatchObject({ error: 'login_required' });
    const page = await browser.authorize(client, { id_token_hint });
    expect(pageIn(page)).toBe(LOGIN);
    expect(readRedirectParameters(await browser.submitPassword(page, user.email))).toHaveProperty(
      'code',
    );
  });

  it.each<[string, (genuine: string) => string | Promise<string>]>([
    [
      'whose key left the key set',
      (genuine) =>
        `${encoded({ ...decodeHeader(genuine), kid: 'gone' })}.${genuine.split('.').slice(1).join('.')}`,
    ],
    [
      'that is unsigned',
      (genuine) => `${encoded({ alg: 'none', typ: 'JWT' })}.${genuine.split('.')[1]}.`,
    ],
    ['that is encrypted', () => `${encoded({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`],
    ['that is an access token', async () => (await auth.createLogin()).access_token],
    [
      'that another issuer signed with our key',
      (genuine) => {
        const claims = { exp: 0, ...decodeClaims(genuine), iss: 'https://other.example' };
        return auth.app.get(SigningKeyService).sign('JWT', claims, 'ES256');
      },
    ],
    ['that is no token', () => 'x.y.z'],
    ['with a NUL', () => 'x\0'],
    ['of 5,000 characters', () => 'x'.repeat(5000)],
  ])('answers as without the hint for a hint %s', async (_, createHint) => {
    const { text } = await idTokenOf(await browser.authorize(client));
    const id_token_hint = await createHint(text);
    const silent = await browser.authorize(client, { prompt: 'none', id_token_hint });
    expect(readRedirectParameters(silent)).toHaveProperty('code');
    const page = await new TestBrowser(auth).authorize(client, { id_token_hint });
    expect(pageIn(page)).toBe(LOGIN);
  });

  it.each([
    ['a login_hint of 600 characters', { login_hint: 'l'.repeat(600) }],
    ['a login_hint with a line break', { login_hint: 'a\nb' }],
    ['ui_locales of 600 characters', { ui_locales: 'x'.repeat(600) }],
    ['an unknown acr', { acr_values: 'phr  phrh ' }],
    ['claims of other servers', { claims: '{"id_token":{"groups":true,"x":[1]},"other":1}' }],
    ['a claim request of another form', { claims: '{"userinfo":{"email":"yes"}}' }],
  ])('ignores %s, because it is a hint', async (_, parameters) => {
    const answer = await browser.authorize(client, { prompt: 'none', ...parameters });
    expect(readRedirectParameters(answer)).toHaveProperty('code');
  });

  it('compares the requested sub claim with the logged-in user (§5.5.1)', async () => {
    const claims = (sub: string) => JSON.stringify({ id_token: { sub: { value: sub } } });
    const matching = await browser.authorize(client, { prompt: 'none', claims: claims(user.id) });
    expect(readRedirectParameters(matching)).toHaveProperty('code');
    const different = await browser.authorize(client, { prompt: 'none', claims: claims(other.id) });
    expect(readRedirectParameters(different)).toMatchObject({ error: 'login_required' });
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
