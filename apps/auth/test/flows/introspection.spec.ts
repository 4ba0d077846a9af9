import * as oauth from 'oauth4webapi';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { SigningKeyService } from '../../src/tokens/keys/signing-key.service.js';
import { aSession, refreshSession } from '../support/factories.js';
import {
  TICKETS,
  decodeClaims,
  decodeHeader,
  PHOTOS,
  TestAuth,
  toBasicAuthorization,
} from '../support/test-auth.js';

const ISSUER = 'http://localhost:3000';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const INACTIVE = '{"active":false}';

describe('introspection (RFC 7662)', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
    await auth.registerClient({
      id: 'web-app',
      secret: 'secret',
      scope: ['photos:read', 'tickets:read'],
    });
    await auth.registerClient({ id: 'native-app', resourceServer: PHOTOS });
    const service = { secret: 'secret', grantTypes: [EXCHANGE, 'client_credentials'] };
    await auth.registerClient({
      ...service,
      id: 'photos-service',
      resourceServer: PHOTOS,
      exchangeTargets: [TICKETS],
      scope: ['tickets:read'],
    });
    await auth.registerClient({ ...service, id: 'tickets-service', resourceServer: TICKETS });
  });
  afterAll(() => auth.stop());

  const introspect = (
    token: string,
    { as = 'photos-service', ...more }: Record<string, string> = {},
  ) =>
    auth.send('/oauth/introspect', {
      method: 'POST',
      body: new URLSearchParams({ token, ...more }),
      headers: { authorization: toBasicAuthorization(`${as}:secret`) },
    });
  const aPair = async () =>
    refreshSession(
      auth,
      await aSession(auth, 'web-app', {
        scope: ['photos:read', 'tickets:read'],
        resources: [PHOTOS, TICKETS],
      }),
      { as: 'web-app:secret' },
    );

  it('returns the claims of an active token to its resource server (§2.2)', async () => {
    const { access } = await aPair();
    const { status, headers, text } = await introspect(access);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    const { status: statusReference, ...claims } = decodeClaims(access);
    expect(statusReference).toBeDefined();
    expect(JSON.parse(text)).toEqual({ active: true, token_type: 'Bearer', ...claims });
    expect(Object.keys(claims).sort()).toEqual(
      'aud auth_time client_id exp iat iss jti scope sid sub'.split(' '),
    );
  });

  it.each(['access_token', 'refresh_token', 'pet'])(
    'accepts the token_type_hint %s',
    async (hint) => {
      const { access } = await aPair();
      expect((await introspect(access, { token_type_hint: hint })).text).toContain('"active":true');
    },
  );

  it('returns the claims of an active token to the client that received it', async () => {
    const { access } = await aPair();
    expect((await introspect(access, { as: 'web-app' })).text).toContain('"active":true');
  });

  it('returns the actor (RFC 8693 §4.1) and the key of a bound token (RFC 9449 §6.2)', async () => {
    const { access } = await aPair();
    const { body } = await auth.token(
      {
        grant_type: EXCHANGE,
        subject_token: access,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
      'photos-service:secret',
    );
    const exchanged = body['access_token'] ?? '';
    const answer = JSON.parse((await introspect(exchanged, { as: 'tickets-service' })).text);
    expect(answer.act).toEqual({ sub: 'photos-service' });

    const cnf = { jkt: 'x'.repeat(43) };
    const exp = Math.floor(auth.clock.now() / 1000) + 60;
    const claims = { ...decodeClaims(access), exp, cnf, may_act: { sub: 'x' } };
    const bound = await auth.app.get(SigningKeyService).sign('at+jwt', claims);
    const { token_type, cnf: answeredCnf, ...rest } = JSON.parse((await introspect(bound)).text);
    expect([token_type, answeredCnf]).toEqual(['DPoP', cnf]);
    expect(rest).not.toHaveProperty('may_act');
  });

  describe('inactive tokens (§2.2, §4)', () => {
    it('returns no claims to a client that is neither audience nor holder of the token', async () => {
      const { access } = await aPair();
      expect((await introspect(access, { as: 'tickets-service' })).text).toBe(INACTIVE);
    });

    it('returns inactive for a token that expired after an earlier introspection', async () => {
      const { access } = await aPair();
      expect((await introspect(access)).text).toContain('"active":true');
      auth.clock.advance({ seconds: 300 });
      expect((await introspect(access)).text).toBe(INACTIVE);
    });

    it('returns inactive as soon as the session is revoked', async () => {
      const { access, refresh } = await aPair();
      expect((await introspect(access)).text).toContain('"active":true');
      await auth.send('/oauth/revoke', {
        method: 'POST',
        body: new URLSearchParams({ token: refresh }),
        headers: { authorization: toBasicAuthorization('web-app:secret') },
      });
      expect((await introspect(access)).text).toBe(INACTIVE);
    });

    it('returns inactive as soon as the signing key is revoked', async () => {
      const { access } = await aPair();
      expect((await introspect(access)).text).toContain('"active":true');
      await auth.app
        .get(KeyRotationService)
        .revoke(String(decodeHeader(access)['kid']), 'operator');
      expect((await introspect(access)).text).toBe(INACTIVE);
    });

    it('returns inactive for a token of a disabled client', async () => {
      await auth.registerClient({
        id: 'short',
        secret: 'secret',
        grantTypes: ['client_credentials'],
        scope: ['photos:read'],
      });
      const { body } = await auth.token({ grant_type: 'client_credentials' }, 'short:secret');
      const token = body['access_token'] ?? '';
      expect((await introspect(token)).text).toContain('"sub":"short"');
      await auth.app.get(ClientOperationsService).disable('short', 'operator');
      expect((await introspect(token)).text).toBe(INACTIVE);
    });

    it('returns inactive for every text that is not an access token of this server', async () => {
      const { access, refresh } = await aPair();
      const claims = decodeClaims(access);
      const exp = Math.floor(auth.clock.now() / 1000) + 60;
      const keys = auth.app.get(SigningKeyService);
      const [header, payload, signature] = access.split('.');
      const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const tokens = [
        refresh,
        'x',
        'a.b.c',
        `${header}.${payload}`,
        `${header}.${payload}.${signature}x`,
        `${header}.${encoded({ ...claims, scope: 'all' })}.${signature}`,
        `${encoded({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
        await keys.sign('JWT', { ...claims, exp }),
        await keys.sign('logout+jwt', { ...claims, exp }),
        await keys.sign('at+jwt', { ...claims, exp, iss: 'https://other.example' }),
        await keys.sign('at+jwt', { ...claims, exp, sid: 'unknown' }),
        await keys.sign('at+jwt', { ...claims, exp, scope: 5 }),
      ];
      for (const token of tokens) {
        const { status, text } = await introspect(token);
        expect([status, text]).toEqual([200, INACTIVE]);
      }
    });
  });

  it.each<[string, Record<string, string>, string | undefined, number, string]>([
    ['a caller without credentials', { token: 'x' }, undefined, 401, 'invalid_client'],
    ['a public client', { token: 'x', client_id: 'native-app' }, undefined, 401, 'invalid_client'],
    ['a client with a wrong secret', { token: 'x' }, 'photos-service:wrong', 401, 'invalid_client'],
    ['a request without a token', {}, 'photos-service:secret', 400, 'invalid_request'],
    [
      'a request with a token of 10,000 characters',
      { token: 'x'.repeat(10_000) },
      'photos-service:secret',
      400,
      'invalid_request',
    ],
  ])('rejects %s (§2.1)', async (_, parameters, as, status, error) => {
    const answer = await auth.send('/oauth/introspect', {
      method: 'POST',
      body: new URLSearchParams(parameters),
      ...(as !== undefined && { headers: { authorization: toBasicAuthorization(as) } }),
    });
    expect([answer.status, answer.body['error']]).toEqual([status, error]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('rejects an access token as client authentication, and a GET with the token in the query', async () => {
    const { access } = await aPair();
    const bearer = await auth.send('/oauth/introspect', {
      method: 'POST',
      body: new URLSearchParams({ token: access }),
      headers: { authorization: `Bearer ${access}` },
    });
    expect(bearer.status).toBe(401);
    expect((await auth.send(`/oauth/introspect?token=${access}`, {})).status).toBe(405);
  });

  it('interoperates with oauth4webapi', async () => {
    const { access } = await aPair();
    const server = { issuer: ISSUER, introspection_endpoint: `${auth.url}/oauth/introspect` };
    const client = { client_id: 'photos-service' };
    const proof = oauth.ClientSecretBasic('secret');
    const answer = await oauth.introspectionRequest(server, client, proof, access, {
      [oauth.allowInsecureRequests]: true,
    });
    const result = await oauth.processIntrospectionResponse(server, client, answer);
    expect([result.active, result.sub]).toEqual([true, decodeClaims(access)['sub']]);
  });
});
