import { createHash } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { createLocalJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
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
import { decodeClaims, decodeHeader, ISSUER, PHOTOS, TestAuth } from '../support/test-auth.js';

describe('ID tokens', () => {
  let auth: TestAuth;
  let user: Account;
  let client: string;
  let browser: TestBrowser;

  beforeAll(async () => {
    auth = await TestAuth.start({ ID_TOKEN_ALGORITHM: 'RS256' });
    user = await anAccount(auth, 'ada@gatehouse.example');
    const claims = { name: 'Ada', phone_number: '+49 30 1', address: { country: 'DE' } };
    await auth.app
      .get(UnitOfWork)
      .execute('UPDATE account SET claims = $2 WHERE id = $1', [user.id, JSON.stringify(claims)]);
    client = await aClient(auth);
    browser = new TestBrowser(auth);
    await browser.signIn(user);
    auth.clock.advance({ seconds: 100 });
  });
  afterAll(() => auth.stop());

  async function tokensFor(id: string, more: AuthorizationParameters = {}) {
    await browser.grantConsent(user, id);
    const code = await browser.obtainCode(id, more);
    const { body } = await auth.token({
      grant_type: 'authorization_code',
      client_id: id,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
    return body;
  }
  const claimsFor = async (id: string, more: AuthorizationParameters = {}) =>
    decodeClaims((await tokensFor(id, more))['id_token']);

  describe('content (OpenID Connect Core §2)', () => {
    it('issues an ID token with RS256 that jose verifies (§3.1.3.7)', async () => {
      const body = await tokensFor(client, { nonce: 'a-nonce' });
      const keys = JSON.parse((await auth.send('/.well-known/jwks.json', {})).text);
      const { payload, protectedHeader } = await jwtVerify(
        body['id_token'] ?? '',
        createLocalJWKSet(keys),
        { issuer: ISSUER, audience: client, currentDate: new Date(auth.clock.now()) },
      );
      expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: expect.any(String) });
      const now = auth.clock.now() / 1000;
      const half = createHash('sha256')
        .update(body['access_token'] ?? '')
        .digest()
        .subarray(0, 16);
      expect(payload).toEqual({
        iss: ISSUER,
        sub: user.id,
        aud: client,
        iat: now,
        exp: now + 300,
        auth_time: now - 100,
        nonce: 'a-nonce',
        acr: '1',
        amr: ['pwd'],
        sid: decodeClaims(body['access_token'])['sid'],
        at_hash: half.toString('base64url'),
      });
    });

    it('signs with ES256 for a client that is registered so', async () => {
      const id = await aClient(auth, { idTokenAlgorithm: 'ES256' });
      expect(decodeHeader((await tokensFor(id))['id_token'])).toMatchObject({ alg: 'ES256' });
    });

    it('omits the nonce if the request has none', async () => {
      expect(await claimsFor(client)).not.toHaveProperty('nonce');
    });

    it('issues no ID token without openid', async () => {
      expect(await tokensFor(client, { scope: 'photos:read' })).not.toHaveProperty('id_token');
    });

    it('issues an ID token beside an access token for a resource server', async () => {
      const body = await tokensFor(client, { scope: 'openid photos:read', resource: PHOTOS });
      expect(decodeClaims(body['access_token'])['aud']).toBe(PHOTOS);
      expect(decodeClaims(body['id_token'])['aud']).toBe(client);
    });

    it('rejects an ID token as access token', async () => {
      const { id_token = '' } = await tokensFor(client);
      const headers = { authorization: `Bearer ${id_token}` };
      expect((await auth.send('/auth/sessions', { headers })).status).toBe(401);
    });
  });

  describe('claims about the user (§5.4)', () => {
    it('includes the claims of the granted scopes, because many client libraries read nothing else', async () => {
      const claims = await claimsFor(client, { scope: 'openid profile email photos:read' });
      expect(claims).toMatchObject({ name: 'Ada', email: user.email, email_verified: false });
      expect(claims).not.toHaveProperty('phone_number');
    });

    it('omits them for a client that is registered for lean ID tokens', async () => {
      const id = await aClient(auth, { leanIdTokens: true });
      const claims = await claimsFor(id, { scope: 'openid profile email' });
      expect(Object.keys(claims).sort()).toEqual([
        'acr',
        'amr',
        'at_hash',
        'aud',
        'auth_time',
        'exp',
        'iat',
        'iss',
        'sid',
        'sub',
      ]);
    });

    it('includes the claims that the request names for the ID token (§5.5)', async () => {
      const claimsRequest = {
        id_token: {
          name: { essential: true },
          email: null,
          iss: { value: 'https://evil.example' },
        },
        userinfo: { nickname: null },
      };
      const lean = await aClient(auth, { leanIdTokens: true });
      for (const id of [client, lean]) {
        const claims = await claimsFor(id, { claims: JSON.stringify(claimsRequest) });
        expect(claims).toMatchObject({ name: 'Ada', email: user.email, iss: ISSUER });
        expect(claims).not.toHaveProperty('address');
      }
    });

    it('omits requested claims that the scope of the client does not cover', async () => {
      const id = await aClient(auth, { scope: ['openid', 'email'] });
      const claimsRequest = { id_token: { name: null, phone_number: null, email: null } };
      const claims = await claimsFor(id, { claims: JSON.stringify(claimsRequest) });
      expect(claims).toMatchObject({ email: user.email });
      expect(claims).not.toHaveProperty('name');
      expect(claims).not.toHaveProperty('phone_number');
    });

    it('asks the user for consent to requested claims', async () => {
      const id = await aClient(auth);
      const page = await browser.authorize(id, { claims: '{"id_token":{"email":null}}' });
      expect(page.text).toContain('See your e-mail address');
      const done = await browser.follow(await browser.submit(page, { decision: 'allow' }));
      expect(readRedirectParameters(done)).toHaveProperty('code');
    });
  });

  describe('refresh (§12.2)', () => {
    it('repeats the claims of the first ID token without the nonce', async () => {
      const more = {
        scope: 'openid offline_access',
        nonce: 'a-nonce',
        claims: '{"id_token":{"name":null}}',
      };
      const first = await tokensFor(client, more);
      auth.clock.advance({ seconds: 1000 });
      const { body: second } = await auth.token({
        grant_type: 'refresh_token',
        client_id: client,
        refresh_token: first['refresh_token'] ?? '',
      });
      const { at_hash, iat, exp, nonce, ...before } = decodeClaims(first['id_token']);
      const {
        at_hash: newHash,
        iat: newIat,
        exp: newExp,
        ...after
      } = decodeClaims(second['id_token']);
      expect(after).toEqual(before);
      expect(nonce).toBe('a-nonce');
      expect(newIat).toBe(Number(iat) + 1000);
      expect(newExp).toBe(Number(exp) + 1000);
      expect(newHash).not.toBe(at_hash);
    });

    it('issues no ID token for a session without openid', async () => {
      const { refresh_token } = await auth.createLogin();
      expect((await auth.refresh(refresh_token)).body).not.toHaveProperty('id_token');
    });
  });

  it('uses one pairwise subject per host of the redirect URIs (§8.1)', async () => {
    const at = (host: string) => ({
      subjectType: 'pairwise' as const,
      redirectUris: [CALLBACK, `https://${host}/callback`],
    });
    const [one, same, other] = [
      await aClient(auth, { ...at('client.example'), redirectUris: [CALLBACK] }),
      await aClient(auth, { ...at('client.example'), redirectUris: [CALLBACK] }),
      await aClient(auth, at('other.example')),
    ];
    const subjects = [];
    for (const id of [one, same, other]) subjects.push((await claimsFor(id))['sub']);
    expect(subjects[0]).toBe(subjects[1]);
    expect(new Set([...subjects, user.id]).size).toBe(3);
    const { id_token = '' } = await tokensFor(one);
    const again = await browser.authorize(one, { prompt: 'none', id_token_hint: id_token });
    expect(readRedirectParameters(again)).toHaveProperty('code');
  });

  describe('oauth4webapi as client', () => {
    const server: oauth.AuthorizationServer = {
      issuer: ISSUER,
      token_endpoint: `${ISSUER}/oauth/token`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      authorization_response_iss_parameter_supported: true,
      id_token_signing_alg_values_supported: ['RS256'],
    };
    const request = { nonce: 'a-nonce', scope: 'openid offline_access' };
    const answerTo = async (id: string) => {
      await browser.grantConsent(user, id);
      const answer = await browser.authorize(id, request);
      return new URL(answer.headers.get('location') ?? '');
    };

    it('completes the code flow and a refresh', async () => {
      const http = {
        [oauth.allowInsecureRequests]: true,
        [oauth.customFetch]: (url: string, init: object) =>
          fetch(url.replace(ISSUER, auth.url), init),
      };
      const self = {
        client_id: client,
        [oauth.clockSkew]: auth.clock.now() / 1000 - Math.floor(Date.now() / 1000),
      };
      const answer = oauth.validateAuthResponse(server, self, await answerTo(client), 'a-state');
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        self,
        oauth.None(),
        answer,
        CALLBACK,
        VERIFIER,
        http,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, self, response, {
        expectedNonce: 'a-nonce',
        maxAge: 5000,
        requireIdToken: true,
      });
      await oauth.validateApplicationLevelSignature(server, response, http);
      expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(user.id);

      const refreshed = await oauth.refreshTokenGrantRequest(
        server,
        self,
        oauth.None(),
        tokens.refresh_token ?? '',
        http,
      );
      const next = await oauth.processRefreshTokenResponse(server, self, refreshed);
      expect(oauth.getValidatedIdTokenClaims(next)?.sub).toBe(user.id);
    });

    it('detects a mix-up by the issuer in the response (RFC 9207 §2.4)', async () => {
      const evil = { ...server, issuer: 'https://evil.example' };
      const answer = await answerTo(client);
      expect(() =>
        oauth.validateAuthResponse(evil, { client_id: client }, answer, 'a-state'),
      ).toThrow(/iss/);
    });
  });
});
