import { randomBytes } from 'node:crypto';
import type { Account } from '../../src/accounts/account.entity.js';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import {
  aClient,
  anAccount,
  CALLBACK,
  findForm,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { decodeHeader, TestAuth, type TestResponse } from '../support/test-auth.js';

const BYE = 'https://client.example/bye';
const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];

let auth: TestAuth;
let client: string;
let user: Account;
let browser: TestBrowser;
beforeAll(async () => {
  auth = await TestAuth.start();
  client = await aLogoutClient();
});
beforeEach(async () => {
  user = await anAccount(auth);
  browser = new TestBrowser(auth);
  await browser.signIn(user);
});
afterAll(() => auth.stop());

function aLogoutClient(more: Parameters<typeof aClient>[1] = {}) {
  return aClient(auth, {
    name: 'Prints',
    firstParty: true,
    postLogoutRedirectUris: [BYE, 'https://client.example/bye?from=gatehouse'],
    ...more,
  });
}

async function tokensOf(own = browser, clientId = client): Promise<Record<string, string>> {
  const { body } = await auth.token({
    grant_type: 'authorization_code',
    client_id: clientId,
    code: await own.obtainCode(clientId),
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
  });
  return body;
}
const hintOf = async (own = browser, clientId = client) =>
  (await tokensOf(own, clientId))['id_token'] ?? '';

const logout = (parameters: Record<string, string>, own = browser) =>
  own.open(`/oauth/logout?${new URLSearchParams(parameters).toString()}`);
const isLoggedIn = async (own = browser) => (await own.open('/account')).status === 200;
const locationOf = ({ status, headers }: TestResponse) => [status, headers.get('location')];

/** Expects the confirmation page and an active browser session. */
async function expectQuestion(answer: TestResponse, own = browser) {
  expect([answer.status, titleOf(answer)]).toEqual([200, 'Sign out?']);
  expect(await isLoggedIn(own)).toBe(true);
}
/** Expects the confirmation page, confirms, and expects the signed-out page of this server. */
async function expectNoRedirect(answer: TestResponse, own = browser) {
  await expectQuestion(answer, own);
  const signedOut = await own.follow(await own.submit(answer));
  expect([signedOut.status, titleOf(signedOut)]).toEqual([200, 'You are signed out']);
  expect(await isLoggedIn(own)).toBe(false);
}

/** The modules of the OpenID Foundation are in conformance/logout.modules.ts. */
describe('logout requested by a client (OpenID Connect RP-Initiated Logout §2)', () => {
  it('revokes the browser session and its client sessions and returns with state', async () => {
    const { id_token: id_token_hint = '', refresh_token = '' } = await tokensOf();
    const answer = await logout({ id_token_hint, post_logout_redirect_uri: BYE, state: 'a b&c' });
    expect(locationOf(answer)).toEqual([303, `${BYE}?state=a+b%26c`]);
    expect(answer.headers.get('set-cookie')).toMatch(/^session-3000=; Max-Age=0; Path=\//);
    expect(await isLoggedIn()).toBe(false);
    const silent = await browser.authorize(client, { prompt: 'none' });
    expect(readRedirectParameters(silent)).toMatchObject({ error: 'login_required' });
    const refreshed = { grant_type: 'refresh_token', client_id: client, refresh_token };
    expect((await auth.token(refreshed)).body['error']).toBe('invalid_grant');
  });

  it('treats a parameter without a value as omitted (RFC 6749 §3.1)', async () => {
    const empty = { client_id: '', post_logout_redirect_uri: '', state: '', ui_locales: '' };
    const answer = await logout({ id_token_hint: await hintOf(), ...empty });
    expect(locationOf(answer)).toEqual([303, '/signed-out']);
    expect(await isLoggedIn()).toBe(false);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['is empty', () => ''],
    ['is no token', () => 'a.b.c'],
    ['is text', () => 'ü'.repeat(50)],
    ['has 10,000 characters', () => 'x'.repeat(10_000)],
    ['is unsigned', () => unsigned()],
    ['is encrypted', () => 'eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d'],
    ['is an access token', () => accessToken()],
    ['names a key that left the key set', () => ofVanishedKey()],
  ])('asks the user and returns to the client if the hint %s', async (_, createHint) => {
    const own = new TestBrowser(auth);
    await own.signIn(user);
    const id_token_hint = await createHint();
    const more = { post_logout_redirect_uri: BYE, client_id: client, state: 'x' };
    const question = await logout({ id_token_hint, ...more }, own);
    await expectQuestion(question, own);
    expect(question.text).toContain('Prints');
    expect(locationOf(await own.submit(question))).toEqual([303, `${BYE}?state=x`]);
    expect(await isLoggedIn(own)).toBe(false);
  });

  it('asks the user and returns to the client after an operator revoked the key of the hint', async () => {
    const other = await TestAuth.start();
    const account = await anAccount(other);
    const id = await aClient(other, { firstParty: true, postLogoutRedirectUris: [BYE] });
    const own = new TestBrowser(other);
    await own.signIn(account);
    const { body } = await other.token({
      grant_type: 'authorization_code',
      client_id: id,
      code: await own.obtainCode(id),
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
    const id_token_hint = body['id_token'] ?? '';
    const { kid } = decodeHeader(id_token_hint);
    await other.app.get(KeyRotationService).revoke(String(kid), 'operator');

    const silent = await own.authorize(id, { prompt: 'none', id_token_hint });
    expect(readRedirectParameters(silent)).toHaveProperty('code');
    const more = { client_id: id, post_logout_redirect_uri: BYE, state: 'x' };
    const question = await logout({ id_token_hint, ...more }, own);
    await expectQuestion(question, own);
    expect(locationOf(await own.submit(question))).toEqual([303, `${BYE}?state=x`]);
    await other.stop();
  });

  it('asks the user and does not return if the signature of the hint is wrong', async () => {
    const own = new TestBrowser(auth);
    await own.signIn(user);
    const [header, , signature] = (await hintOf()).split('.');
    const forged = `${header}.${Buffer.from('{"sub":"x"}').toString('base64url')}.${signature}`;
    const more = { post_logout_redirect_uri: BYE, client_id: client };
    await expectNoRedirect(await logout({ id_token_hint: forged, ...more }, own), own);
  });

  const ofVanishedKey = async () => {
    const [header = '', ...others] = (await hintOf()).split('.');
    const names = JSON.parse(Buffer.from(header, 'base64url').toString());
    const gone = Buffer.from(JSON.stringify({ ...names, kid: 'gone' })).toString('base64url');
    return [gone, ...others].join('.');
  };

  it('answers a form of another site after a redirect that brings the cookie', async () => {
    const parameters = { id_token_hint: await hintOf(), post_logout_redirect_uri: BYE, state: 'x' };
    const body = new URLSearchParams(parameters);
    const headers = { origin: 'https://client.example', 'sec-fetch-site': 'cross-site' };
    const posted = await new TestBrowser(auth).open('/oauth/logout', {
      method: 'POST',
      body,
      headers,
    });
    expect(posted.status).toBe(303);
    expect(await isLoggedIn()).toBe(true);
    const answer = await browser.open(posted.headers.get('location') ?? '');
    expect(locationOf(answer)).toEqual([303, `${BYE}?state=x`]);
    expect(await isLoggedIn()).toBe(false);
  });

  const unsigned = async () => {
    const [, body] = (await hintOf()).split('.');
    return `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${body}.`;
  };
  const accessToken = async () => (await tokensOf())['access_token'] ?? '';
});

describe('forged logout requests (ASVS 10.6.2)', () => {
  it('asks the user if the request has no hint', async () => {
    await expectQuestion(await logout({}));
    await expectQuestion(await logout({ client_id: client, post_logout_redirect_uri: BYE }));
  });

  it('asks the user if the hint is the ID token of another user', async () => {
    const attacker = new TestBrowser(auth);
    await attacker.signIn(await anAccount(auth));
    await expectQuestion(
      await logout({ id_token_hint: await hintOf(attacker), post_logout_redirect_uri: BYE }),
    );
  });

  it('asks the user and does not redirect if the hint is the ID token of another client', async () => {
    const other = await aLogoutClient();
    const hint = await hintOf(browser, other);
    await expectNoRedirect(
      await logout({ id_token_hint: hint, client_id: client, post_logout_redirect_uri: BYE }),
    );
  });

  it('rejects a confirmation form of another site', async () => {
    const { action, body } = findForm(await logout({}));
    const headers = { origin: 'https://evil.example' };
    expect((await browser.open(action, { method: 'POST', body, headers })).status).toBe(403);
    expect(await isLoggedIn()).toBe(true);
  });

  it('does not redirect to a URI that the client has not registered (open redirect, RFC 9700 §4.11)', async () => {
    const uris = [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      `${BYE}/`,
      `${BYE}#x`,
      'https://client.example/BYE',
      'https://client.example:443/bye',
      'https://client.example@evil.example/bye',
      'http://client.example/bye',
      CALLBACK,
    ];
    const id_token_hint = await hintOf();
    for (const post_logout_redirect_uri of uris) {
      await expectQuestion(await logout({ id_token_hint, post_logout_redirect_uri }));
      const stranger = new TestBrowser(auth);
      const answer = await logout({ id_token_hint, post_logout_redirect_uri }, stranger);
      expect([...locationOf(answer), titleOf(answer)]).toEqual([200, null, 'You are signed out']);
    }
  });

  it.each<[string, string, () => Promise<Record<string, string>>]>([
    [
      'the URI is not registered',
      'address that is not registered for it (post_logout_redirect_uri)',
      async () => ({ client_id: client, post_logout_redirect_uri: `${BYE}/` }),
    ],
    [
      'the request names no client',
      'did not name a registered application (client_id or id_token_hint)',
      async () => ({ post_logout_redirect_uri: BYE }),
    ],
    [
      'the client is unknown',
      'did not name a registered application (client_id or id_token_hint)',
      async () => ({ client_id: 'unknown', post_logout_redirect_uri: BYE }),
    ],
    [
      'the hint is the ID token of another client',
      'id_token_hint is forged, or belongs to another application or to a disabled one',
      async () => ({
        id_token_hint: await hintOf(browser, await aLogoutClient()),
        client_id: client,
        post_logout_redirect_uri: BYE,
      }),
    ],
  ])('says on the page why the user is not sent back if %s', async (_, text, build) => {
    const parameters = await build();
    const question = await logout(parameters);
    await expectQuestion(question);
    expect(question.text).toContain(text);
    const signedOut = await logout(parameters, new TestBrowser(auth));
    expect(titleOf(signedOut)).toBe('You are signed out');
    expect(signedOut.text).toContain(text);
  });

  it('shows the sent and the registered addresses in development', async () => {
    const { text } = await logout({ client_id: client, post_logout_redirect_uri: `${BYE}/` });
    expect(text).toContain(`<dd>${BYE}/</dd>`);
    expect(text).toContain(`<dd>${BYE}</dd>`);
  });

  it('asks the user and does not redirect if the client is disabled', async () => {
    const id = await aLogoutClient();
    const hint = await hintOf(browser, id);
    await auth.app.get(ClientOperationsService).disable(id, 'operator');
    await expectNoRedirect(await logout({ id_token_hint: hint, post_logout_redirect_uri: BYE }));
  });
});

describe('validation of logout requests', () => {
  it('redirects to a registered URI of the named client after the user confirmed', async () => {
    const question = await logout({ client_id: client, post_logout_redirect_uri: BYE, state: 'x' });
    expect(question.text).toContain('Prints asks to sign you out.');
    expect(locationOf(await browser.submit(question))).toEqual([303, `${BYE}?state=x`]);
    expect(await isLoggedIn()).toBe(false);
  });

  it('validates the redirect URI of the confirmation form again', async () => {
    const question = await logout({ client_id: client, post_logout_redirect_uri: BYE });
    const answer = await browser.submit(question, {
      post_logout_redirect_uri: 'https://evil.example',
    });
    expect(locationOf(answer)).toEqual([303, '/signed-out']);
  });

  it('keeps the query of the registered redirect URI', async () => {
    const uri = 'https://client.example/bye?from=gatehouse';
    const answer = await logout({
      id_token_hint: await hintOf(),
      post_logout_redirect_uri: uri,
      state: 'x',
    });
    expect(locationOf(answer)).toEqual([303, `${uri}&state=x`]);
  });

  it('accepts an ID token that expired long ago as hint', async () => {
    const id_token_hint = await hintOf();
    auth.clock.advance({ seconds: 7200 });
    await browser.open('/account');
    const answer = await logout({ id_token_hint, post_logout_redirect_uri: BYE });
    expect(locationOf(answer)).toEqual([303, BYE]);
  });

  it('accepts a hint with a pairwise subject (OpenID Connect Core §8.1)', async () => {
    const id = await aLogoutClient({ subjectType: 'pairwise' });
    const id_token_hint = await hintOf(browser, id);
    const answer = await logout({ id_token_hint, client_id: id, post_logout_redirect_uri: BYE });
    expect(locationOf(answer)).toEqual([303, BYE]);
  });

  it('redirects a browser without a session as well', async () => {
    const id_token_hint = await hintOf();
    const stranger = new TestBrowser(auth);
    const answer = await logout(
      { id_token_hint, post_logout_redirect_uri: BYE, state: 'x' },
      stranger,
    );
    expect(locationOf(answer)).toEqual([303, `${BYE}?state=x`]);
    const page = await stranger.follow(await logout({}, stranger));
    expect(titleOf(page)).toBe('You are signed out');
    expect(await isLoggedIn()).toBe(true);
  });
});

describe('logout of a browser session', () => {
  it('revokes the sessions of this browser at all clients and none of another browser (single sign-out)', async () => {
    const another = await aLogoutClient();
    const here = [await tokensOf(), await tokensOf(browser, another)];
    const elsewhere = new TestBrowser(auth);
    await elsewhere.signIn(user);
    const there = await tokensOf(elsewhere);
    await browser.submit(await browser.open('/account'), {}, { action: '/oauth/logout/confirm' });
    const refreshes = async (tokens: Record<string, string>, client_id: string) => {
      const { refresh_token = '' } = tokens;
      return (await auth.token({ grant_type: 'refresh_token', client_id, refresh_token })).status;
    };
    expect(await refreshes(here[0] ?? {}, client)).toBe(400);
    expect(await refreshes(here[1] ?? {}, another)).toBe(400);
    expect(await refreshes(there, client)).toBe(200);
    expect(await isLoggedIn(elsewhere)).toBe(true);
  });

  it('handles two simultaneous confirmations as one', async () => {
    const question = await logout({});
    const answers = await Promise.all([browser.submit(question), browser.submit(question)]);
    expect(answers.some(({ status }) => status === 303)).toBe(true);
    expect(answers.every(({ status }) => status === 303 || status === 403)).toBe(true);
    expect(await isLoggedIn()).toBe(false);
  });

  it.each([
    ['blanks around the client id', (id: string) => ({ client_id: ` ${id} ` })],
    ['a hint that is sent twice', (id: string) => ({ client_id: id, id_token_hint: ['a', 'b'] })],
    ['two lists of languages', (id: string) => ({ client_id: id, ui_locales: ['en', 'en'] })],
  ])('returns to the client also with %s', async (_, build) => {
    const query = new URLSearchParams({ post_logout_redirect_uri: BYE });
    for (const [name, values] of Object.entries(build(client)))
      for (const value of [values].flat()) query.append(name, value);
    const question = await browser.open(`/oauth/logout?${query.toString()}`);
    expect(locationOf(await browser.submit(question))).toEqual([303, BYE]);
  });

  it('uses the language of ui_locales', async () => {
    expect(titleOf(await logout({ ui_locales: 'de' }))).toBe('Abmelden?');
  });

  it.each([
    'id_token_hint=a&id_token_hint=b',
    'post_logout_redirect_uri=a&post_logout_redirect_uri=b',
    `state=${'x'.repeat(4097)}`,
    `id_token_hint=${'x'.repeat(9001)}`,
    'client_id[$ne]=x&state[]=y',
    '%00&=&__proto__=x',
    `client_id=${randomBytes(16).toString('hex')}%00`,
  ])('answers hostile parameters with a page or a redirect: %.40s', async (query) => {
    const byLink = await browser.open(`/oauth/logout?${query}`);
    expect([200, 400]).toContain(byLink.status);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const byForm = await browser.open('/oauth/logout', { method: 'POST', body: query, headers });
    expect([303, 400]).toContain(byForm.status);
    expect(await isLoggedIn()).toBe(true);
  });
});
