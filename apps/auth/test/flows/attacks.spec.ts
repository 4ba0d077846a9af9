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
  PHOTOS,
  TestAuth,
  type TestResponse,
  toBasicAuthorization,
} from '../support/test-auth.js';

/** Attacks that concern several endpoints. Attacks on one endpoint are in the spec of its flow. */
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const LOOPBACK = 'http://127.0.0.1:50123/callback';

let auth: TestAuth;
let user: Account;
let browser: TestBrowser;
beforeAll(async () => {
  auth = await TestAuth.start();
  user = await anAccount(auth);
  browser = new TestBrowser(auth);
  await browser.signIn(user);
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
  await browser.grantConsent(user, clientId);
  return browser.obtainCode(clientId, more);
}

describe('token substitution (RFC 8725 §3.12, RFC 9068 §4)', () => {
  const AS = 'substitution:secret';
  const credentials: Record<string, string> = {};
  beforeAll(async () => {
    await aClient(auth, {
      id: 'substitution',
      secret: 'secret',
      grantTypes: ['authorization_code', 'refresh_token', EXCHANGE],
      resourceServer: PHOTOS,
      exchangeTargets: [PHOTOS],
    });
    const options = { scope: 'openid offline_access photos:read' };
    const { body } = await redeem(await codeFor('substitution', options), 'substitution', AS);
    const photos = { grant_type: 'refresh_token', resource: PHOTOS };
    const refresh_token = body['refresh_token'] ?? '';
    const { body: next } = await auth.token({ ...photos, refresh_token }, AS);
    const own = await redeem(await codeFor('substitution'), 'substitution', AS);
    Object.assign(credentials, {
      'an access token for photos': next['access_token'],
      'an access token for userinfo': own.body['access_token'],
      'an ID token': body['id_token'],
      'a refresh token': next['refresh_token'],
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
    ['the list of sessions', 'an access token with sessions:read', bearer('/auth/sessions'), 401],
    [
      'the refresh grant',
      'a refresh token',
      (refresh_token) => auth.token({ grant_type: 'refresh_token', refresh_token }, AS),
      400,
    ],
    ['the authorization code grant', 'a code', (code) => redeem(code, 'substitution', AS), 400],
    [
      'a token exchange',
      'an access token for photos',
      (subject_token) =>
        auth.token({ grant_type: EXCHANGE, subject_token, subject_token_type: ACCESS_TOKEN }, AS),
      400,
    ],
  ];

  it.each(PLACES)('%s accepts only %s', async (_, accepted, present, refused) => {
    for (const [kind, token] of Object.entries(credentials)) {
      const { status } = await present(token);
      // Status 403 means that the endpoint accepts the token and that its scope is insufficient.
      const isAccepted = kind === accepted;
      expect([kind, status]).toEqual([kind, isAccepted ? 200 : status === 403 ? 403 : refused]);
      if (status === 403) expect(kind).toBe('an access token for userinfo');
    }
  });

  it('rejects an ID token of another client as id_token_hint', async () => {
    const other = await aClient(auth);
    await browser.grantConsent(user, other);
    auth.clock.advance({ seconds: 1 });
    const options = { prompt: 'none', id_token_hint: credentials['an ID token'] };
    expect(readRedirectParameters(await browser.authorize(other, options))).toMatchObject({
      error: 'login_required',
    });
  });
});

describe('client that impersonates a user (RFC 9700 §4.15)', () => {
  it('gives a client whose id is an account id no access to that account', async () => {
    const as = `${user.id}:secret`;
    await auth.registerClient({
      id: user.id,
      secret: 'secret',
      scope: ['sessions:read', 'openid', 'photos:read'],
    });
    const request = { grant_type: 'client_credentials', scope: 'photos:read' };
    const { body } = await auth.token(request, as);
    expect(decodeClaims(body['access_token'])['sub']).toBe(user.id);
    for (const scope of ['openid', 'sessions:read']) {
      const answer = await auth.token({ ...request, scope, resource: ISSUER }, as);
      const token = answer.body['access_token'] ?? body['access_token'] ?? '';
      const headers = { authorization: `Bearer ${token}` };
      for (const path of ['/auth/sessions', '/userinfo']) {
        expect([401, 403]).toContain((await auth.send(path, { headers })).status);
      }
    }
  });
});

describe('client impersonation (RFC 6749 §10.2, RFC 8252 §8.6)', () => {
  it('asks for consent each time at a redirect URI that any program of the device can use', async () => {
    for (const uri of [LOOPBACK, 'http://localhost:4001/callback', 'com.example.app:/callback']) {
      const id = await aClient(auth, { redirectUris: [uri] });
      await browser.grantConsent(user, id);
      const silent = await browser.authorize(id, { redirect_uri: uri, prompt: 'none' });
      expect(readRedirectParameters(silent)).toMatchObject({ error: 'consent_required' });
      const page = await browser.authorize(id, { redirect_uri: uri });
      expect(page.text).toContain('consent-allow');
      const answer = await browser.follow(await browser.submit(page, { decision: 'allow' }));
      expect(readRedirectParameters(answer)).toHaveProperty('code');
    }
  });

  it('remembers consent for https redirect URIs, confidential clients and first-party clients', async () => {
    const redirectUris = [LOOPBACK];
    const others = [
      [CALLBACK, await aClient(auth, { redirectUris: [CALLBACK, LOOPBACK] })],
      [LOOPBACK, await aClient(auth, { redirectUris, secret: 'secret' })],
      [LOOPBACK, await aClient(auth, { redirectUris, firstParty: true })],
    ] as const;
    for (const [redirect_uri, id] of others) {
      await browser.grantConsent(user, id);
      const silent = await browser.authorize(id, { redirect_uri, prompt: 'none' });
      expect(readRedirectParameters(silent)).toHaveProperty('code');
    }
  });

  it('requires the secret of a confidential client for every grant and for revocation', async () => {
    const id = await aClient(auth, { secret: 'secret' });
    const code = await codeFor(id, { scope: 'openid offline_access' });
    expect((await redeem(code, id)).body['error']).toBe('invalid_client');
    const { body } = await redeem(code, id, `${id}:secret`);
    const { refresh_token = '' } = body;
    const attempt = { grant_type: 'refresh_token', client_id: id, refresh_token };
    expect((await auth.token(attempt)).body['error']).toBe('invalid_client');
    const token = new URLSearchParams({ token: refresh_token, client_id: id });
    const revoked = await auth.send('/oauth/revoke', { method: 'POST', body: token });
    expect(revoked.body['error']).toBe('invalid_client');
    const { client_id: _, ...own } = attempt;
    expect((await auth.token(own, `${id}:secret`)).status).toBe(200);
  });
});

describe('forged proxy headers (RFC 9700 §4.13)', () => {
  it('ignores X-Forwarded and Forwarded headers in the URLs that it publishes', async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '/evil',
      forwarded: 'host=evil.example;proto=https',
    };
    const paths = ['/.well-known/openid-configuration', '/login', '/oauth/authorize?client_id=x'];
    for (const path of paths) {
      const { text, headers: received } = await auth.send(path, { headers });
      expect(text + JSON.stringify([...received])).not.toContain('evil');
    }
  });
});

describe('audience and scope widening (RFC 9700 §2.3)', () => {
  it('limits the tokens of a code to the scope and the resource that the user consented to', async () => {
    const id = await aClient(auth, { secret: 'secret' });
    const options = { scope: 'openid photos:read offline_access', resource: PHOTOS };
    const code = await codeFor(id, options);
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

    const { body } = await auth.token({ ...parameters, scope: 'tickets:read' }, `${id}:secret`);
    expect(decodeClaims(body['access_token'])).toMatchObject({ aud: PHOTOS, scope: 'photos:read' });
    const { refresh_token = '' } = body;
    for (const more of [{ scope: 'tickets:read' }, { scope: 'openid profile' }, resource]) {
      const answer = await auth.token(
        { grant_type: 'refresh_token', refresh_token, ...more },
        `${id}:secret`,
      );
      expect(answer.status).toBe(400);
      expect(answer.body['error']).toMatch(/^invalid_(scope|target)$/);
    }
  });
});
