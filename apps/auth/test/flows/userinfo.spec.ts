import { UnitOfWork } from '@gatehouse/persistence';
import * as oauth from 'oauth4webapi';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { SigningKeyService } from '../../src/tokens/keys/signing-key.service.js';
import { aSession, refreshSession } from '../support/factories.js';
import { decodeClaims, PHOTOS, TestAuth } from '../support/test-auth.js';
import { TestDpopClient } from '../support/test-dpop-client.js';

const ISSUER = 'http://localhost:3000';
const OPENID = ['openid', 'profile', 'email', 'address', 'phone'];
const EMAIL = 'ada@gatehouse.example';
const CLAIMS = {
  name: 'Ada Lovelace',
  birthdate: '1815-12-10',
  phone_number: '+44 20 7946 0000',
  address: { country: 'GB' },
};

describe('userinfo (OpenID Connect Core §5.3)', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
    const web = { grantTypes: ['refresh_token'], redirectUris: ['https://a.example/cb'] };
    await auth.registerClient({ ...web, id: 'web-app', scope: [...OPENID, 'photos:read'] });
    await auth.registerClient({ ...web, id: 'pairwise', scope: OPENID, subjectType: 'pairwise' });
    await auth.registerClient({
      ...web,
      id: 'elsewhere',
      scope: OPENID,
      subjectType: 'pairwise',
      redirectUris: ['https://b.example/cb'],
    });
  });
  afterAll(() => auth.stop());

  /** An access token of the same user for this server. */
  const aToken = async ({
    client = 'web-app',
    scope = ['openid'],
    claims,
  }: {
    client?: string;
    scope?: readonly string[];
    claims?: object;
  } = {}) => {
    const options = { scope, resources: [ISSUER], email: EMAIL };
    const requested = claims && { claims: JSON.stringify(claims) };
    const refresh_token = await aSession(auth, client, { ...options, ...requested });
    await auth.app
      .get(UnitOfWork)
      .execute('UPDATE account SET claims = $1 WHERE email = $2', [JSON.stringify(CLAIMS), EMAIL]);
    return refreshSession(auth, refresh_token, { client_id: client });
  };
  const request = (token: string, init: RequestInit = {}) =>
    auth.send('/userinfo', { ...init, headers: { authorization: `Bearer ${token}` } });
  const fetchClaims = async (token: string) => JSON.parse((await request(token)).text);

  it('withholds the claims of scopes that the operator has removed from the client, also from ID tokens', async () => {
    const registration = { id: 'narrowed', grantTypes: ['refresh_token'] };
    await auth.registerClient({ ...registration, scope: OPENID });
    const requested = { email: null, name: null };
    const claims = { userinfo: requested, id_token: requested };
    const scope = ['openid', 'phone'];
    const { access, refresh } = await aToken({ client: 'narrowed', scope, claims });
    expect(await fetchClaims(access)).toMatchObject({
      email: EMAIL,
      phone_number: '+44 20 7946 0000',
    });

    await auth.registerClient({ ...registration, scope: ['openid', 'profile'] });
    const { sub } = decodeClaims(access);
    expect(await fetchClaims(access)).toEqual({ sub, name: CLAIMS.name });
    const { body } = await auth.token({
      grant_type: 'refresh_token',
      refresh_token: refresh,
      client_id: 'narrowed',
    });
    expect(await fetchClaims(body['access_token'] ?? '')).toEqual({ sub, name: CLAIMS.name });
    const idToken = decodeClaims(body['id_token']);
    expect(idToken['name']).toBe(CLAIMS.name);
    expect(Object.keys(idToken)).not.toContain('email');
  });

  it.each([
    ['oidcc-userinfo-get', 'GET'],
    ['oidcc-userinfo-post-header', 'POST'],
  ])('%s: answers %s with claims that caches must not store', async (_, method) => {
    const { access } = await aToken();
    const { status, headers, text } = await request(access, { method });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(JSON.parse(text)).toEqual({ sub: decodeClaims(access)['sub'] });
  });

  it.each<[string, readonly string[], object]>([
    ['oidcc-scope-profile', ['profile'], { name: CLAIMS.name, birthdate: CLAIMS.birthdate }],
    ['oidcc-scope-email', ['email'], { email: EMAIL, email_verified: false }],
    ['oidcc-scope-address', ['address'], { address: CLAIMS.address }],
    ['oidcc-scope-phone', ['phone'], { phone_number: CLAIMS.phone_number }],
    ['oidcc-scope-all', OPENID, { ...CLAIMS, email: EMAIL, email_verified: false }],
  ])('%s: returns the claims of the scope (§5.4)', async (_, scope, claims) => {
    const { access } = await aToken({ scope: ['openid', ...scope] });
    expect(await fetchClaims(access)).toEqual({ sub: decodeClaims(access)['sub'], ...claims });
  });

  it('returns the claims of the token scope even if the user granted more', async () => {
    const { refresh } = await aToken({ scope: OPENID });
    const narrow = { client_id: 'web-app', scope: 'openid phone' };
    const { access } = await refreshSession(auth, refresh, narrow);
    expect(Object.keys(await fetchClaims(access)).sort()).toEqual(['phone_number', 'sub']);
  });

  it('oidcc-claims-essential: returns requested claims that have a value (§5.5)', async () => {
    const userinfo = { name: { essential: true }, nickname: null, sub: { value: 'x' } };
    const { access } = await aToken({ claims: { userinfo, id_token: { email: null } } });
    expect(await fetchClaims(access)).toEqual({
      sub: decodeClaims(access)['sub'],
      name: CLAIMS.name,
    });
  });

  it('returns the pairwise or public subject of the client (§5.3.2, §8.1)', async () => {
    const one = await fetchClaims((await aToken({ client: 'pairwise' })).access);
    const again = await fetchClaims((await aToken({ client: 'pairwise' })).access);
    const other = await fetchClaims((await aToken({ client: 'elsewhere' })).access);
    const open = await fetchClaims((await aToken()).access);
    expect(one.sub).toBe(again.sub);
    expect(new Set([one.sub, other.sub, open.sub]).size).toBe(3);
  });

  describe('rejected tokens (RFC 6750 §3.1)', () => {
    const challengeTo = async (token: string, init: RequestInit = {}) => {
      const { status, headers } = await request(token, init);
      return [status, headers.get('www-authenticate')];
    };
    const invalid = [401, expect.stringContaining('error="invalid_token"')];

    it('rejects a request without a token', async () => {
      const { status, headers } = await auth.send('/userinfo', {});
      expect([status, headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringMatching(/^Bearer (?!.*error=)/),
      ]);
    });

    it('rejects a token that is not an access token for this server', async () => {
      const { access, refresh } = await aToken();
      const photos = await refreshSession(auth, await aSession(auth, 'web-app'), {
        client_id: 'web-app',
      });
      const exp = Math.floor(auth.clock.now() / 1000) + 60;
      const idToken = { ...decodeClaims(access), exp };
      const keys = auth.app.get(SigningKeyService);
      const tokens = [refresh, photos.access, await keys.sign('JWT', idToken), `${access}x`];
      for (const token of tokens) expect(await challengeTo(token)).toEqual(invalid);
      expect(decodeClaims(photos.access)['aud']).toBe(PHOTOS);
    });

    it('rejects a token without openid', async () => {
      const { access } = await aToken({ scope: ['profile'] });
      expect(await challengeTo(access)).toEqual([
        403,
        expect.stringMatching(/error="insufficient_scope".*scope="openid"/),
      ]);
    });

    it('rejects an expired token', async () => {
      const { access } = await aToken();
      auth.clock.advance({ seconds: 365 });
      expect(await challengeTo(access)).toEqual(invalid);
    });

    it('rejects a token as soon as its session ended', async () => {
      const { access, refresh } = await aToken();
      expect((await request(access)).status).toBe(200);
      const body = new URLSearchParams({ token: refresh, client_id: 'web-app' });
      await auth.send('/oauth/revoke', { method: 'POST', body });
      expect(await challengeTo(access)).toEqual(invalid);
    });

    it('rejects a token of a disabled client', async () => {
      const scope = OPENID;
      await auth.registerClient({ id: 'gone', grantTypes: ['refresh_token'], scope });
      const { access } = await aToken({ client: 'gone' });
      await auth.app.get(ClientOperationsService).disable('gone', 'operator');
      expect(await challengeTo(access)).toEqual(invalid);
    });

    it('rejects a token without a session', async () => {
      const { access } = await aToken();
      const exp = Math.floor(auth.clock.now() / 1000) + 60;
      const { sid, ...claims } = decodeClaims(access);
      expect(sid).toBeDefined();
      const service = { ...claims, exp, sub: 'web-app' };
      const token = await auth.app.get(SigningKeyService).sign('at+jwt', service);
      expect(await challengeTo(token)).toEqual(invalid);
    });

    it('oidcc-userinfo-post-body: rejects a token in the form and in the query (RFC 9700 §4.3.2)', async () => {
      const { access } = await aToken();
      const form = new URLSearchParams({ access_token: access });
      expect((await auth.send(`/userinfo?access_token=${access}`, {})).status).toBe(401);
      const posted = await auth.send('/userinfo', { method: 'POST', body: form });
      expect(posted.status).toBe(401);
      const twice = await request(access, { method: 'POST', body: form });
      expect(twice.status).toBe(400);
      expect(twice.headers.get('www-authenticate')).toContain('error="invalid_request"');
    });
  });

  describe('the body of a refusal (RFC 6750 §3, RFC 6749 §5.2)', () => {
    const ofPhotos = async () =>
      refreshSession(auth, await aSession(auth, 'web-app'), { client_id: 'web-app' });
    const anExpired = async () => {
      const issued = await aToken();
      auth.clock.advance({ seconds: 365 });
      return issued;
    };
    const aRevoked = async () => {
      const issued = await aToken();
      const body = new URLSearchParams({ token: issued.refresh, client_id: 'web-app' });
      await auth.send('/oauth/revoke', { method: 'POST', body });
      return issued;
    };
    const anIdToken = async () => {
      const { access } = await aToken();
      const exp = Math.floor(auth.clock.now() / 1000) + 60;
      const keys = auth.app.get(SigningKeyService);
      return { access: await keys.sign('JWT', { ...decodeClaims(access), exp }) };
    };

    it.each<[string, () => Promise<{ access: string }>, number, string, RegExp]>([
      ['for photos', ofPhotos, 401, 'invalid_token', /another resource server: .*localhost:3001/],
      ['that expired', anExpired, 401, 'invalid_token', /has expired/],
      ['of an ended session', aRevoked, 401, 'invalid_token', /session .* has ended/],
      ['that is an ID token', anIdToken, 401, 'invalid_token', /no access token: .*JWT/],
      ['of no form', async () => ({ access: 'x' }), 401, 'invalid_token', /no JWT/],
      [
        'without openid',
        () => aToken({ scope: ['profile'] }),
        403,
        'insufficient_scope',
        /lacks the scope openid/,
      ],
    ])('agrees with the challenge for a token %s', async (_, create, status, error, text) => {
      const answer = await request((await create()).access);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        status,
        'application/json; charset=utf-8',
      ]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.body).toEqual({ error, error_description: expect.stringMatching(text) });
      expect(answer.body['error_description']).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      const { error_description } = answer.body;
      const challenge = answer.headers.get('www-authenticate');
      expect(challenge).toMatch(new RegExp(`^Bearer error="${error}"`));
      expect(challenge).toContain(`error_description="${error_description}"`);
    });

    it.each([
      ['Bearer', 'Bearer x', 'invalid_token'],
      ['DPoP', 'DPoP x', 'invalid_token'],
      ['two tokens', 'Bearer x, Bearer y', 'invalid_request'],
    ])('carries the error of the challenge for %s', async (_, authorization, error) => {
      const { headers, body } = await auth.send('/userinfo', { headers: { authorization } });
      expect(body['error']).toBe(error);
      const [scheme] = authorization.split(' ');
      expect(headers.get('www-authenticate')).toMatch(
        new RegExp(`${scheme} error="${error}", error_description="${body['error_description']}"`),
      );
    });

    it('asks for a proof if the token is bound to a key (RFC 9449 §7.1)', async () => {
      const { access } = await aToken();
      const exp = Math.floor(auth.clock.now() / 1000) + 60;
      const claims = { ...decodeClaims(access), exp, cnf: { jkt: 'A'.repeat(43) } };
      const token = await auth.app.get(SigningKeyService).sign('at+jwt', claims);
      expect((await request(token)).body).toEqual({
        error: 'invalid_token',
        error_description:
          'The access token is bound to a key: send it with the scheme DPoP and a proof',
      });
      const authorization = `DPoP ${token}`;
      const { status, headers, body } = await auth.send('/userinfo', {
        headers: { authorization },
      });
      expect([status, body['error']]).toEqual([401, 'invalid_dpop_proof']);
      expect(headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_dpop_proof"/);
    });

    it('says that a request has no token, and its challenge has no error (RFC 6750 §3.1)', async () => {
      const { status, headers, body } = await auth.send('/userinfo', {});
      expect([status, body]).toEqual([
        401,
        {
          error: 'invalid_token',
          error_description: 'The Authorization header has no access token',
        },
      ]);
      expect(headers.get('www-authenticate')).not.toContain('error');
    });

    it('answers a body that is no JSON in the form of OAuth, too', async () => {
      const headers = { authorization: 'Bearer x', 'content-type': 'application/json' };
      const answer = await auth.send('/userinfo', { method: 'POST', headers, body: '{' });
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
    });

    it('leaves the other routes of users with problem details (RFC 9457)', async () => {
      const { headers } = await auth.send('/auth/sessions', {});
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    });
  });

  it('answers a bound token of a sign-in with the proof of its key only (RFC 9449 §7)', async () => {
    const scope = ['openid', 'email', 'photos:read'];
    const refresh_token = await aSession(auth, 'web-app', { scope, resources: [PHOTOS, ISSUER] });
    const client = new TestDpopClient(auth);
    const refresh = { grant_type: 'refresh_token', client_id: 'web-app', refresh_token };
    const { access_token = '' } = (await client.token(refresh)).body;
    expect(decodeClaims(access_token)['aud']).toEqual([PHOTOS, ISSUER]);
    expect((await client.get('/userinfo', access_token)).body).toHaveProperty('email');
    // The API that received the token has no proof.
    expect((await request(access_token)).status).toBe(401);
    expect((await new TestDpopClient(auth).get('/userinfo', access_token)).status).toBe(401);
  });

  it('rejects openid in a client credentials request (RFC 6749 §4.4)', async () => {
    await auth.registerClient({
      id: 'service',
      secret: 'secret',
      scope: ['photos:read', 'openid'],
    });
    const grant = { grant_type: 'client_credentials' };
    for (const scope of ['openid', 'photos:read openid', 'openid unknown']) {
      const { status, body } = await auth.token({ ...grant, scope }, 'service:secret');
      const error_description =
        'The grant client_credentials has no user, whom this scope needs: openid.';
      expect([status, body]).toEqual([400, { error: 'invalid_scope', error_description }]);
    }
    expect((await auth.token(grant, 'service:secret')).body['scope']).toBe('photos:read');
  });

  it('interoperates with oauth4webapi', async () => {
    const { access } = await aToken({ scope: ['openid', 'email'] });
    const server = { issuer: ISSUER, userinfo_endpoint: `${auth.url}/userinfo` };
    const client = { client_id: 'web-app' };
    const http = { [oauth.allowInsecureRequests]: true };
    const answer = await oauth.userInfoRequest(server, client, access, http);
    const subject = String(decodeClaims(access)['sub']);
    const claims = await oauth.processUserInfoResponse(server, client, subject, answer);
    expect(claims.email).toBe(EMAIL);
  });
});
