import type { Account } from '../../src/accounts/account.entity.js';
import {
  aClient,
  anAccount,
  type AuthorizationParameters,
  CALLBACK,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import {
  decodeClaims,
  ISSUER,
  ORDERS,
  TestAuth,
  type TestResponse,
  toBasicAuthorization,
} from '../support/test-auth.js';

/** Attacks that are about no endpoint alone. Those on one of them are in the file of its flow. */
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const LOOPBACK = 'http://127.0.0.1:50123/callback';

let auth: TestAuth;
let person: Account;
let browser: TestBrowser;
beforeAll(async () => {
  auth = await TestAuth.start();
  person = await anAccount(auth);
  browser = new TestBrowser(auth);
  await browser.signIn(person);
});
afterAll(() => auth.stop());

const redeem = (code: string, client_id: string, as?: string) =>
  auth.token(
    {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...(as === undefined && { client_id }),
    },
    as,
  );
async function codeFor(clientId: string, more: AuthorizationParameters = {}): Promise<string> {
  await browser.grantConsent(person, clientId);
  return browser.obtainCode(clientId, more);
}

describe('token substitution: nothing is taken for something else (RFC 8725 §3.12, RFC 9068 §4)', () => {
  const AS = 'substitution:secret';
  const credentials: Record<string, string> = {};
  beforeAll(async () => {
    await aClient(auth, {
      id: 'substitution',
      secret: 'secret',
      grantTypes: ['authorization_code', 'refresh_token', EXCHANGE],
      resourceServer: ORDERS,
      exchangeTargets: [ORDERS],
    });
    const wish = { scope: 'openid offline_access orders:read' };
    const { body } = await redeem(await codeFor('substitution', wish), 'substitution', AS);
    const own = await redeem(await codeFor('substitution'), 'substitution', AS);
    Object.assign(credentials, {
      'an access token for orders': body['access_token'],
      'an access token for userinfo': own.body['access_token'],
      'an ID token': body['id_token'],
      'a refresh token': body['refresh_token'],
      'a code': await codeFor('substitution'),
    });
  });

  const bearer = (path: string) => (token: string) =>
    auth.send(path, { headers: { authorization: `Bearer ${token}` } });
  const PLACES: readonly (readonly [
    string,
    string,
    (token: string) => Promise<TestResponse>,
    number,
  ])[] = [
    ['userinfo', 'an access token for userinfo', bearer('/userinfo'), 401],
    ['the sessions of a person', '-', bearer('/auth/sessions'), 401],
    [
      'a refresh',
      'a refresh token',
      (refresh_token) => auth.token({ grant_type: 'refresh_token', refresh_token }, AS),
      400,
    ],
    ['a redemption', 'a code', (code) => redeem(code, 'substitution', AS), 400],
    [
      'an exchange',
      'an access token for orders',
      (subject_token) =>
        auth.token({ grant_type: EXCHANGE, subject_token, subject_token_type: ACCESS_TOKEN }, AS),
      400,
    ],
  ];

  it.each(PLACES)('at %s is only %s', async (_, right, present, refused) => {
    for (const [kind, token] of Object.entries(credentials)) {
      const { status } = await present(token);
      // Enough of a scope is a question of its own: 403 says that the token is one for this place.
      const isRight = kind === right;
      expect([kind, status]).toEqual([kind, isRight ? 200 : status === 403 ? 403 : refused]);
      if (status === 403) expect(kind).toBe('an access token for userinfo');
    }
  });

  it('nor is an ID token of one client a hint for another, or an access token one at all', async () => {
    const other = await aClient(auth);
    await browser.grantConsent(person, other);
    auth.clock.advance({ seconds: 1 });
    for (const kind of ['an ID token', 'an access token for orders', 'a refresh token']) {
      const wish = { prompt: 'none', id_token_hint: credentials[kind] };
      expect(readRedirectParameters(await browser.authorize(other, wish))).toMatchObject({
        error: 'login_required',
      });
    }
  });
});

describe('client impersonating a person (RFC 9700 §4.15)', () => {
  it('a client that is named as a person is gets nothing of that person', async () => {
    const as = `${person.id}:secret`;
    await auth.registerClient({
      id: person.id,
      secret: 'secret',
      scope: ['sessions:read', 'openid', 'orders:read'],
    });
    const asked = { grant_type: 'client_credentials', scope: 'orders:read' };
    const { body } = await auth.token(asked, as);
    expect(decodeClaims(body['access_token'])['sub']).toBe(person.id);
    for (const scope of ['openid', 'sessions:read']) {
      const answer = await auth.token({ ...asked, scope, resource: ISSUER }, as);
      const token = answer.body['access_token'] ?? body['access_token'] ?? '';
      const headers = { authorization: `Bearer ${token}` };
      for (const path of ['/auth/sessions', '/userinfo']) {
        expect([401, 403]).toContain((await auth.send(path, { headers })).status);
      }
    }
  });
});

describe('client impersonation (RFC 6749 §10.2, RFC 8252 §8.6)', () => {
  it('at an address that any program of the machine can take, the person is asked each time', async () => {
    for (const uri of [LOOPBACK, 'http://localhost:4001/callback', 'com.example.app:/callback']) {
      const id = await aClient(auth, { redirectUris: [uri] });
      await browser.grantConsent(person, id);
      const silent = await browser.authorize(id, { redirect_uri: uri, prompt: 'none' });
      expect(readRedirectParameters(silent)).toMatchObject({ error: 'consent_required' });
      const page = await browser.authorize(id, { redirect_uri: uri });
      expect(page.text).toContain('consent-allow');
      const answer = await browser.follow(await browser.submit(page, { decision: 'allow' }));
      expect(readRedirectParameters(answer)).toHaveProperty('code');
    }
  });

  it('not so where nobody else can be, where a secret is to be told, and for applications of our own', async () => {
    const redirectUris = [LOOPBACK];
    const others = [
      [CALLBACK, await aClient(auth, { redirectUris: [CALLBACK, LOOPBACK] })],
      [LOOPBACK, await aClient(auth, { redirectUris, secret: 'secret' })],
      [LOOPBACK, await aClient(auth, { redirectUris, firstParty: true })],
    ] as const;
    for (const [redirect_uri, id] of others) {
      await browser.grantConsent(person, id);
      const silent = await browser.authorize(id, { redirect_uri, prompt: 'none' });
      expect(readRedirectParameters(silent)).toHaveProperty('code');
    }
  });

  it('a client that has a secret gets nothing without it, whichever grant it tries', async () => {
    const id = await aClient(auth, { secret: 'secret' });
    const code = await codeFor(id, { scope: 'openid offline_access' });
    expect((await redeem(code, id)).body['error']).toBe('invalid_client');
    const { body } = await redeem(code, id, `${id}:secret`);
    const { refresh_token = '' } = body;
    const tried = { grant_type: 'refresh_token', client_id: id, refresh_token };
    expect((await auth.token(tried)).body['error']).toBe('invalid_client');
    const token = new URLSearchParams({ token: refresh_token, client_id: id });
    const revoked = await auth.send('/oauth/revoke', { method: 'POST', body: token });
    expect(revoked.body['error']).toBe('invalid_client');
    const { client_id: _, ...own } = tried;
    expect((await auth.token(own, `${id}:secret`)).status).toBe(200);
  });
});

describe('a TLS-terminating proxy that is none (RFC 9700 §4.13)', () => {
  it('headers of a client decide nothing about who the server is', async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '/evil',
      forwarded: 'host=evil.example;proto=https',
    };
    const paths = ['/.well-known/openid-configuration', '/login', '/oauth/authorize?client_id=x'];
    for (const path of paths) {
      const { text, headers: told } = await auth.send(path, { headers });
      expect(text + JSON.stringify([...told])).not.toContain('evil');
    }
  });
});

describe('audience and scope widening (RFC 9700 §2.3)', () => {
  it('a code is worth no more than what the person was asked about', async () => {
    const id = await aClient(auth, { secret: 'secret' });
    const wish = { scope: 'openid orders:read offline_access', resource: ORDERS };
    const code = await codeFor(id, wish);
    const parameters = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    };
    const headers = { authorization: toBasicAuthorization(`${id}:secret`) };
    const resource = { resource: 'http://localhost:3002' };
    const wider = new URLSearchParams({ ...parameters, ...resource });
    const refused = await auth.send('/oauth/token', { method: 'POST', headers, body: wider });
    expect(refused.body['error']).toBe('invalid_target');

    const { body } = await auth.token({ ...parameters, scope: 'billing:read' }, `${id}:secret`);
    expect(decodeClaims(body['access_token'])).toMatchObject({ aud: ORDERS, scope: 'orders:read' });
    const { refresh_token = '' } = body;
    for (const more of [{ scope: 'billing:read' }, { scope: 'openid profile' }, resource]) {
      const answer = await auth.token(
        { grant_type: 'refresh_token', refresh_token, ...more },
        `${id}:secret`,
      );
      expect(answer.status).toBe(400);
      expect(answer.body['error']).toMatch(/^invalid_(scope|target)$/);
    }
  });
});
