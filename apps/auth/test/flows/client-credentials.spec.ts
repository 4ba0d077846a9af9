import * as oauth from 'oauth4webapi';
import { BILLING, decodeClaims, TestAuth, toBasicAuthorization } from '../support/test-auth.js';

const invalidClient = {
  error: 'invalid_client',
  error_description: 'Client authentication failed.',
};
const grant = { grant_type: 'client_credentials' };

describe('client credentials (RFC 6749 §4.4)', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
    await auth.registerClient({ id: 'orders-service', secret: 'a secret: with + signs %' });
    await auth.registerClient({
      id: 'posting-service',
      secret: 'posted',
      authMethod: 'client_secret_post',
    });
    await auth.registerClient({ id: 'public-client' });
    await auth.registerClient({ id: 'no-grants', secret: 'secret', grantTypes: [] });
    await auth.registerClient({ id: 'no-scope', secret: 'secret', scope: [] });
  });
  afterAll(() => auth.stop());

  /** Form-encodes both parts first, as RFC 6749 §2.3.1 requires. */
  const encoded = (id: string, secret: string) =>
    [id, secret].map((part) => new URLSearchParams({ '': part }).toString().slice(1)).join(':');
  const ordersService = encoded('orders-service', 'a secret: with + signs %');

  it('issues a client an access token for itself and no refresh token (§4.4.3)', async () => {
    const { status, headers, body } = await auth.token(grant, ordersService);
    expect(status).toBe(200);
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'billing:invoices:create',
    });
    const claims = decodeClaims(body['access_token']);
    expect(claims).toMatchObject({
      sub: 'orders-service',
      client_id: 'orders-service',
      aud: BILLING,
    });
    expect(Object.keys(claims)).not.toContain('sid');
  });

  it('issues no ID token and rejects the scopes of OpenID Connect', async () => {
    const scope = ['openid', 'email', 'offline_access', 'billing:invoices:create'];
    await auth.registerClient({ id: 'both-kinds', secret: 'secret', scope });
    const { body } = await auth.token(grant, 'both-kinds:secret');
    expect(body).toMatchObject({ scope: 'billing:invoices:create' });
    expect(Object.keys(body)).not.toContain('id_token');
    for (const word of ['openid', 'offline_access']) {
      const refused = await auth.token({ ...grant, scope: word }, 'both-kinds:secret');
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    }
  });

  it('interoperates with oauth4webapi in discovery, token request and token validation (RFC 9068 §4)', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL('http://localhost:3000');
    const redirected = (url: string, init: object) =>
      fetch(url.replace('http://localhost:3000', auth.url), init);
    const http = { ...insecure, [oauth.customFetch]: redirected };

    const discovered = await oauth.discoveryRequest(issuer, { ...http, algorithm: 'oauth2' });
    const server = await oauth.processDiscoveryResponse(issuer, discovered);
    const client = { client_id: 'orders-service' };
    const secret = oauth.ClientSecretBasic('a secret: with + signs %');
    const response = await oauth.clientCredentialsGrantRequest(server, client, secret, {}, http);
    const tokens = await oauth.processClientCredentialsResponse(server, client, response);

    const request = new Request(BILLING, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    const skew = { [oauth.clockSkew]: auth.clock.now() / 1000 - Math.floor(Date.now() / 1000) };
    const claims = await oauth.validateJwtAccessToken(server, request, BILLING, {
      ...http,
      ...skew,
    });
    expect(claims.client_id).toBe('orders-service');
  });

  it('accepts the secret in the body from a client registered for client_secret_post', async () => {
    const posted = { ...grant, client_id: 'posting-service', client_secret: 'posted' };
    expect((await auth.token(posted)).status).toBe(200);
  });

  it.each<[string, Record<string, string>, string | undefined]>([
    ['an unknown client', {}, 'unknown:secret'],
    ['a wrong secret', {}, 'orders-service:wrong'],
    ['an empty secret', {}, 'orders-service:'],
  ])(
    'rejects %s with the same answer as every failed authentication (§5.2)',
    async (_, more, as) => {
      const { status, headers, body } = await auth.token({ ...grant, ...more }, as);
      expect([status, body]).toEqual([401, invalidClient]);
      expect(headers.get('www-authenticate')).toMatch(/^Basic /);
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  it.each<[string, Record<string, string>, string | undefined, string]>([
    ['no authentication at all', {}, undefined, 'client_id is missing'],
    [
      'a confidential client without its secret',
      { client_id: 'orders-service' },
      undefined,
      'the client is registered for client_secret_basic, and the request used none',
    ],
    [
      'another method than registered',
      { client_id: 'orders-service', client_secret: 'a secret: with + signs %' },
      undefined,
      'the client is registered for client_secret_basic, and the request used client_secret_post',
    ],
    [
      'a public client that sends a secret',
      {},
      'public-client:x',
      'the client is registered for none, and the request used client_secret_basic',
    ],
  ])(
    'rejects %s and says what is wrong, because client ids are public',
    async (_, more, as, hint) => {
      const { status, body } = await auth.token({ ...grant, ...more }, as);
      expect([status, body]).toEqual([
        401,
        { error: 'invalid_client', error_description: `Client authentication failed: ${hint}.` },
      ]);
    },
  );

  it.each<[string, Record<string, string>, string | undefined, string]>([
    ['a public client', { client_id: 'public-client' }, undefined, 'unauthorized_client'],
    ['a client without the grant', {}, 'no-grants:secret', 'unauthorized_client'],
    ['a client without any scope', {}, 'no-scope:secret', 'invalid_scope'],
    ['a scope of another client', { scope: 'orders:read' }, ordersService, 'invalid_scope'],
    ['the scope openid', { scope: 'openid' }, ordersService, 'invalid_scope'],
    [
      'a resource without the scope',
      { resource: 'http://localhost:3001' },
      ordersService,
      'invalid_target',
    ],
    ['an unknown resource', { resource: 'urn:x' }, ordersService, 'invalid_target'],
    ['the password grant', { grant_type: 'password' }, ordersService, 'unsupported_grant_type'],
    [
      'a grant called __proto__',
      { grant_type: '__proto__' },
      ordersService,
      'unsupported_grant_type',
    ],
  ])('rejects %s', async (_, more, as, error) => {
    const answer = await auth.token({ ...grant, ...more }, as);
    expect([answer.status, answer.body['error']]).toEqual([400, error]);
  });

  it('rejects several resources, because a token has one audience (RFC 8707 §2, RFC 9068 §3)', async () => {
    const ask = (...resources: string[]) =>
      auth.send('/oauth/token', {
        method: 'POST',
        headers: { authorization: toBasicAuthorization(ordersService) },
        body: new URLSearchParams([
          ...Object.entries(grant),
          ...resources.map((resource): [string, string] => ['resource', resource]),
        ]),
      });
    for (const others of ['http://localhost:3001', 'urn:x', 'relative']) {
      const { status, body } = await ask(BILLING, others);
      expect([status, body['error']]).toEqual([400, 'invalid_target']);
    }
    expect((await ask(BILLING, BILLING)).status).toBe(200);
  });

  it('rejects a request with two authentication methods (§2.3)', async () => {
    const two = await auth.token({ ...grant, client_secret: 'x' }, ordersService);
    const differing = await auth.token({ ...grant, client_id: 'other' }, ordersService);
    for (const { status, body } of [two, differing]) {
      expect([status, body['error']]).toEqual([400, 'invalid_request']);
    }
  });

  it.each([
    ['no colon', toBasicAuthorization('orders-service')],
    ['bytes that are not UTF-8', `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString('base64')}`],
    ['a broken percent code', toBasicAuthorization('orders-service:%zz')],
    ['another scheme', 'Bearer abc'],
    ['no credentials', 'Basic'],
  ])('rejects an Authorization header with %s', async (_, authorization) => {
    const answer = await auth.send('/oauth/token', {
      method: 'POST',
      body: new URLSearchParams(grant),
      headers: { authorization },
    });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
  });

  it('accepts the old and the new secret during a rotation', async () => {
    const { hashClientSecret } = await import('../../src/clients/registered-credentials.js');
    await auth.registerClient({
      id: 'rotating',
      secret: '',
      secretHashes: ['new', 'old'].map(hashClientSecret),
    });
    const statuses = ['new', 'old', 'older'].map(async (secret) => {
      return (await auth.token(grant, `rotating:${secret}`)).status;
    });
    expect(await Promise.all(statuses)).toEqual([200, 200, 401]);
  });
});

describe('the identifier of a resource server (RFC 3986 §6.2)', () => {
  const REGISTERED = ['https://api.example', 'https://slash.example/', 'https://path.example/v1'];
  let auth: TestAuth;
  beforeAll(async () => {
    const RESOURCE_SERVERS = REGISTERED.map((identifier, i) => `${identifier} read:${i}`).join(';');
    auth = await TestAuth.start({ RESOURCE_SERVERS });
    const scope = REGISTERED.map((_, i) => `read:${i}`);
    await auth.registerClient({ id: 'service', secret: 'secret', scope });
  });
  afterAll(() => auth.stop());

  const audienceFor = async (resource: string) => {
    const { body } = await auth.token({ ...grant, resource }, 'service:secret');
    return body['access_token'] ? decodeClaims(body['access_token'])['aud'] : body['error'];
  };

  it.each([
    ['https://api.example', 'https://api.example'],
    ['https://api.example/', 'https://api.example'],
    ['https://API.example:443/', 'https://api.example'],
    ['https://slash.example', 'https://slash.example/'],
    ['https://PATH.example:443/v1', 'https://path.example/v1'],
  ])('accepts %s and issues a token for %s, which is registered', async (sent, registered) => {
    expect(await audienceFor(sent)).toBe(registered);
  });

  it.each([
    'http://api.example',
    'https://api.example:8443',
    'https://api.example/mcp',
    'https://api.example/?',
    'https://api.example/#x',
    'https://user@api.example',
    'https://api.example.',
    'https://path.example/v1/',
    'https://path.example/V1',
    'https://path.example',
  ])('refuses %s, which is another identifier', async (sent) => {
    expect(await audienceFor(sent)).toBe('invalid_target');
  });
});
