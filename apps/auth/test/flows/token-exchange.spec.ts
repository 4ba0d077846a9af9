import { eachDatabase } from '@gatehouse/persistence/testing';
import * as oauth from 'oauth4webapi';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { type ClientRegistration, ClientRepository } from '../../src/clients/client.repository.js';
import { SigningKeyService } from '../../src/tokens/keys/signing-key.service.js';
import { RefreshTokenService } from '../../src/sessions/refresh-token.service.js';
import { SessionService } from '../../src/sessions/session.service.js';
import { TICKETS, decodeClaims, PHOTOS, TestAuth } from '../support/test-auth.js';

const ISSUER = 'http://localhost:3000';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const REFRESH_TOKEN = 'urn:ietf:params:oauth:token-type:refresh_token';

/** The photos service, which may call tickets on behalf of the user whose token it receives. */
const photosService: Partial<ClientRegistration> & { id: string; secret: string } = {
  id: 'photos-service',
  secret: 'secret',
  grantTypes: [EXCHANGE, 'client_credentials'],
  scope: ['tickets:read', 'tickets:invoices:create'],
  resourceServer: PHOTOS,
  exchangeTargets: [TICKETS],
};
const AS = 'photos-service:secret';

const exchange = (
  auth: TestAuth,
  subject_token: string,
  { as = AS, ...more }: Record<string, string> = {},
) =>
  auth.token(
    { grant_type: EXCHANGE, subject_token, subject_token_type: ACCESS_TOKEN, ...more },
    as === '' ? undefined : as,
  );

describe('token exchange (RFC 8693)', () => {
  let auth: TestAuth;
  let user: { refresh_token: string };
  beforeAll(async () => {
    auth = await TestAuth.start();
    user = await auth.createLogin();
    await auth.registerClient(photosService);
    await auth.registerClient({
      ...photosService,
      id: 'tickets-service',
      resourceServer: TICKETS,
      exchangeTargets: [PHOTOS, TICKETS],
      scope: ['photos:read', 'photos:write', 'tickets:read', 'tickets:pay'],
    });
    await auth.registerClient({ ...photosService, id: 'no-targets', exchangeTargets: [] });
    await auth.registerClient({ ...photosService, id: 'no-server', resourceServer: null });
    await auth.registerClient({ ...photosService, id: 'no-grant', grantTypes: [] });
    await auth.registerClient({ id: 'public', grantTypes: [EXCHANGE], resourceServer: PHOTOS });
  });
  afterAll(() => auth.stop());

  const refused = async (answer: Promise<{ status: number; body: Record<string, string> }>) => {
    const { status, body } = await answer;
    return [status, body['error']];
  };
  /** A new access token of the same user for photos. */
  const aToken = async (more: Record<string, string> = {}): Promise<string> => {
    const { body } = await auth.refresh(user.refresh_token, more);
    user = { refresh_token: body['refresh_token'] ?? '' };
    return body['access_token'] ?? '';
  };
  const signed = (claims: Record<string, unknown>, typ = 'at+jwt') => {
    const exp = Math.floor(auth.clock.now() / 1000) + 60;
    return auth.app.get(SigningKeyService).sign(typ, { exp, ...claims });
  };

  it('issues a token for another service that names user and actor (§2.2.1, §4.1)', async () => {
    const access_token = await aToken();
    const { status, headers, body } = await exchange(auth, access_token, { resource: TICKETS });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      access_token: expect.any(String),
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'tickets:read',
    });
    const [subject, issued] = [decodeClaims(access_token), decodeClaims(body['access_token'])];
    const { sub, sid, status: statusReference, auth_time } = subject;
    expect(issued).toMatchObject({ sub, sid, status: statusReference, auth_time });
    expect(issued).toMatchObject({
      aud: TICKETS,
      client_id: 'photos-service',
      act: { sub: 'photos-service' },
      scope: 'tickets:read',
    });
    expect(issued['jti']).not.toBe(subject['jti']);
  });

  it.each([
    ['audience', { audience: TICKETS }],
    ['audience and resource if they are equal', { audience: TICKETS, resource: TICKETS }],
    ['an origin with a slash at the end (RFC 3986 §6.2.3)', { resource: `${TICKETS}/` }],
    ['the first common target of client and user if the request names none', {}],
  ])('takes the target from %s', async (_, target: Record<string, string>) => {
    const access_token = await aToken();
    const { body } = await exchange(auth, access_token, target);
    expect(decodeClaims(body['access_token'])['aud']).toBe(TICKETS);
  });

  it('records the chain of actors up to three (§4.1)', async () => {
    const access_token = await aToken();
    const first = await exchange(auth, access_token);
    const back = { as: 'tickets-service:secret', resource: PHOTOS };
    const second = await exchange(auth, first.body['access_token'] ?? '', back);
    const third = await exchange(auth, second.body['access_token'] ?? '');
    expect(decodeClaims(third.body['access_token'])['act']).toEqual({
      sub: 'photos-service',
      act: { sub: 'tickets-service', act: { sub: 'photos-service' } },
    });
    const fourth = exchange(auth, third.body['access_token'] ?? '', back);
    expect(await refused(fourth)).toEqual([400, 'invalid_request']);
  });

  describe('scope and target', () => {
    it.each<[string, Record<string, string>, string]>([
      [
        'a scope that the user did not grant',
        { scope: 'tickets:invoices:create' },
        'invalid_scope',
      ],
      ['a scope that the client may not use', { scope: 'tickets:pay' }, 'invalid_scope'],
      ['a granted scope and another one', { scope: 'tickets:read tickets:pay' }, 'invalid_scope'],
      ['an unknown scope', { scope: 'admin' }, 'invalid_scope'],
      ['a malformed scope', { scope: 'tickets:read  "x"' }, 'invalid_scope'],
      ['a target of another client', { resource: PHOTOS }, 'invalid_target'],
      ['this server as target', { resource: ISSUER }, 'invalid_target'],
      ['an unknown target', { audience: 'https://other.example' }, 'invalid_target'],
      ['two targets', { audience: TICKETS, resource: PHOTOS }, 'invalid_target'],
      ['a client without targets', { as: 'no-targets:secret' }, 'invalid_target'],
    ])('rejects %s', async (_, parameters, error) => {
      const access_token = await aToken();
      expect(await refused(exchange(auth, access_token, parameters))).toEqual([400, error]);
    });

    it('narrows the scope to the requested one', async () => {
      const access_token = await aToken({ resource: TICKETS });
      const as = 'tickets-service:secret';
      const all = await exchange(auth, access_token, { as, resource: PHOTOS });
      const less = await exchange(auth, access_token, { as, scope: 'photos:read' });
      expect(all.body['scope']).toBe('photos:read photos:write');
      expect(less.body['scope']).toBe('photos:read');
    });

    it('does not regain a scope that the subject token does not carry', async () => {
      const access_token = await aToken({ resource: TICKETS, scope: 'tickets:read' });
      const parameters = { as: 'tickets-service:secret', resource: TICKETS };
      const exchanged = await exchange(auth, access_token, parameters);
      expect(exchanged.body['scope']).toBe('tickets:read');
      const widened = exchange(auth, access_token, { ...parameters, scope: 'tickets:pay' });
      expect(await refused(widened)).toEqual([400, 'invalid_scope']);
    });

    it('rejects a resource server that the user did not grant', async () => {
      const email = 'only-photos@gatehouse.example';
      await auth.register(email);
      const account = await auth.app.get(AccountRepository).findByEmail(email);
      const client = await auth.app.get(ClientRepository).findEnabled('gatehouse-first-party');
      if (!account || !client) throw new Error('account or client is missing');
      const created = await auth.app.get(RefreshTokenService).create({
        account,
        client,
        scope: ['photos:read', 'tickets:read'],
        resources: [PHOTOS],
        device: { userAgent: null, origin: null },
      });
      const { body } = await auth.refresh(created?.token ?? '');
      const answer = exchange(auth, body['access_token'] ?? '', { resource: TICKETS });
      expect(await refused(answer)).toEqual([400, 'invalid_target']);
    });
  });

  describe('permission to exchange', () => {
    it.each<[string, Record<string, string>, number, string]>([
      ['a client without the grant', { as: 'no-grant:secret' }, 400, 'unauthorized_client'],
      [
        'a client that is no resource server',
        { as: 'no-server:secret' },
        400,
        'unauthorized_client',
      ],
      ['a public client', { as: '', client_id: 'public' }, 400, 'unauthorized_client'],
      ['a client with a wrong secret', { as: 'photos-service:wrong' }, 401, 'invalid_client'],
    ])('rejects %s (§5)', async (_, parameters, status, error) => {
      const access_token = await aToken();
      expect(await refused(exchange(auth, access_token, parameters))).toEqual([status, error]);
    });

    it('rejects a service that is not the audience of the token (confused deputy)', async () => {
      const access_token = await aToken({ resource: TICKETS });
      expect(await refused(exchange(auth, access_token))).toEqual([400, 'invalid_request']);
    });

    it('accepts only the actor that may_act names (§4.4)', async () => {
      const access_token = await aToken();
      const claims = decodeClaims(access_token);
      const forThisClient = await signed({ ...claims, may_act: { sub: 'photos-service' } });
      const forAnother = await signed({ ...claims, may_act: { sub: 'tickets-service' } });
      expect((await exchange(auth, forThisClient)).status).toBe(200);
      expect(await refused(exchange(auth, forAnother))).toEqual([400, 'invalid_request']);
    });
  });

  describe('subject token (§2.1, §2.2.2)', () => {
    const answerTo = async (token: string, more: Record<string, string> = {}) => {
      const { status, body } = await exchange(auth, token, more);
      return [status, body['error'], body['error_description']];
    };
    const invalid = [
      400,
      'invalid_request',
      'The subject_token is invalid, or may not be exchanged by this client.',
    ];

    it('rejects every invalid subject token with the same answer', async () => {
      const { access_token, refresh_token } = await auth.createLogin();
      const claims = decodeClaims(access_token);
      const [header, payload, signature] = access_token.split('.');
      const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const tokens = [
        refresh_token,
        'x',
        `${header}.${payload}.`,
        `${header}.${encoded({ ...claims, sub: 'acct_other' })}.${signature}`,
        `${encoded({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
        await signed(claims, 'JWT'),
        await signed({ ...claims, iss: 'https://other.example' }),
        await signed({ ...claims, aud: [TICKETS, ISSUER] }),
        await signed({ ...claims, sid: undefined }),
        await signed({ ...claims, sub: 'acct_other' }),
      ];
      for (const token of tokens) expect(await answerTo(token)).toEqual(invalid);
      const service = await auth.token({ grant_type: 'client_credentials' }, AS);
      expect(await answerTo(service.body['access_token'] ?? '')).toEqual(invalid);
    });

    it('rejects an expired subject token', async () => {
      const access_token = await aToken();
      auth.clock.advance({ seconds: 300 });
      expect(await answerTo(access_token)).toEqual(invalid);
    });

    it('rejects a subject token whose session ended', async () => {
      const { access_token, refresh_token } = await auth.createLogin();
      await auth.json('/auth/logout', { refresh_token });
      expect(await answerTo(access_token)).toEqual(invalid);
    });

    it('rejects a request without a subject token', async () => {
      const parameters = { grant_type: EXCHANGE, subject_token_type: ACCESS_TOKEN };
      for (const more of [{}, { subject_token: '' }]) {
        const { status, body } = await auth.token({ ...parameters, ...more }, AS);
        expect([status, body['error'], body['error_description']]).toEqual([
          400,
          'invalid_request',
          'subject_token is missing.',
        ]);
      }
    });

    it.each<[string, Record<string, string>]>([
      ['the subject token type of an ID token', { subject_token_type: ID_TOKEN }],
      ['the subject token type of a refresh token', { subject_token_type: REFRESH_TOKEN }],
      ['an empty subject token type', { subject_token_type: '' }],
      ['a request for a refresh token', { requested_token_type: REFRESH_TOKEN }],
      ['a request for an ID token', { requested_token_type: ID_TOKEN }],
      ['an actor token', { actor_token: 'x', actor_token_type: ACCESS_TOKEN }],
      ['an actor token without its type', { actor_token: 'x' }],
      ['an actor token type without a token', { actor_token_type: ACCESS_TOKEN }],
    ])('rejects %s', async (_, more) => {
      const access_token = await aToken();
      const { status, body } = await exchange(auth, access_token, more);
      expect([status, body['error']]).toEqual([400, 'invalid_request']);
    });
  });

  describe('issued token', () => {
    it('expires with the subject token and comes without a refresh token', async () => {
      const access_token = await aToken();
      auth.clock.advance({ seconds: 250 });
      const { body } = await exchange(auth, access_token);
      expect(body['expires_in']).toBe(50);
      expect(decodeClaims(body['access_token'])['exp']).toBe(decodeClaims(access_token)['exp']);
      expect(body).not.toHaveProperty('refresh_token');
    });

    it('expires after the token lifetime of the client if that is shorter', async () => {
      await auth.registerClient({ ...photosService, id: 'hasty', accessTokenTtl: 10 });
      const access_token = await aToken();
      const { body } = await exchange(auth, access_token, { as: 'hasty:secret' });
      expect(body['expires_in']).toBe(10);
    });

    it('shares the status of the session and cannot be exchanged after the session ended', async () => {
      const { access_token, refresh_token } = await auth.createLogin();
      const { body } = await exchange(auth, access_token);
      await auth.json('/auth/logout', { refresh_token });
      const again = exchange(auth, body['access_token'] ?? '', { as: 'tickets-service:secret' });
      expect(await refused(again)).toEqual([400, 'invalid_request']);
      expect(decodeClaims(body['access_token'])['status']).toEqual(
        decodeClaims(access_token)['status'],
      );
    });
  });

  it('interoperates with oauth4webapi', async () => {
    const access_token = await aToken();
    const server = { issuer: ISSUER, token_endpoint: `${auth.url}/oauth/token` };
    const client = { client_id: 'photos-service' };
    const parameters = { subject_token: access_token, subject_token_type: ACCESS_TOKEN };
    const answer = await oauth.genericTokenEndpointRequest(
      server,
      client,
      oauth.ClientSecretBasic('secret'),
      EXCHANGE,
      parameters,
      { [oauth.allowInsecureRequests]: true },
    );
    const tokens = await oauth.processGenericTokenEndpointResponse(server, client, answer);
    expect(tokens.token_type).toBe('bearer');
  });
});

eachDatabase('token exchange during the revocation of the session', (fresh) => {
  let auth: TestAuth;
  beforeAll(async () => {
    const { databaseUrl, dataDir } = await fresh();
    const url = databaseUrl !== undefined && { DATABASE_URL: databaseUrl };
    auth = await TestAuth.start({ DATA_DIR: dataDir, ...url });
    await auth.registerClient(photosService);
  });
  afterAll(() => auth.stop());

  it('issues tokens of that session only, and none after the revocation', async () => {
    const { access_token } = await auth.createLogin();
    const { sub, sid } = decodeClaims(access_token);
    const sessions = auth.app.get(SessionService);
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, () => exchange(auth, access_token))),
      sessions.revoke(String(sub), String(sid), 'ended_by_owner'),
    ]);
    for (const { status, body } of answers) {
      if (status === 200) expect(decodeClaims(body['access_token'])['sid']).toBe(sid);
      else expect(body['error']).toBe('invalid_request');
    }
    expect((await exchange(auth, access_token)).status).toBe(400);
  });
});
