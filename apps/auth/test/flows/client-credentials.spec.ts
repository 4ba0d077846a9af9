import * as oauth from 'oauth4webapi';
import { TICKETS, decodeClaims, TestAuth, toBasicAuthorization } from '../support/test-auth.js';

const grant = { grant_type: 'client_credentials' };

describe('client credentials (RFC 6749 §4.4)', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
    await auth.registerClient({ id: 'photos-service', secret: 'a secret: with + signs %' });
    await auth.registerClient({ id: 'public-client' });
    await auth.registerClient({ id: 'no-grants', secret: 'secret', grantTypes: [] });
    await auth.registerClient({ id: 'no-scope', secret: 'secret', scope: [] });
  });
  afterAll(() => auth.stop());

  /** Form-encodes both parts first, as RFC 6749 §2.3.1 requires. */
  const encoded = (id: string, secret: string) =>
    [id, secret].map((part) => new URLSearchParams({ '': part }).toString().slice(1)).join(':');
  const photosService = encoded('photos-service', 'a secret: with + signs %');

  it('issues a client an access token for itself and no refresh token (§4.4.3)', async () => {
    const { status, headers, body } = await auth.token(grant, photosService);
    expect(status).toBe(200);
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'tickets:invoices:create',
    });
    const claims = decodeClaims(body['access_token']);
    expect(claims).toMatchObject({
      sub: 'photos-service',
      client_id: 'photos-service',
      aud: TICKETS,
    });
    expect(Object.keys(claims)).not.toContain('sid');
  });

  it('issues no ID token and rejects the scopes of OpenID Connect', async () => {
    const scope = ['openid', 'email', 'offline_access', 'tickets:invoices:create'];
    await auth.registerClient({ id: 'both-kinds', secret: 'secret', scope });
    const { body } = await auth.token(grant, 'both-kinds:secret');
    expect(body).toMatchObject({ scope: 'tickets:invoices:create' });
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
    const client = { client_id: 'photos-service' };
    const secret = oauth.ClientSecretBasic('a secret: with + signs %');
    const response = await oauth.clientCredentialsGrantRequest(server, client, secret, {}, http);
    const tokens = await oauth.processClientCredentialsResponse(server, client, response);

    const request = new Request(TICKETS, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    const skew = { [oauth.clockSkew]: auth.clock.now() / 1000 - Math.floor(Date.now() / 1000) };
    const claims = await oauth.validateJwtAccessToken(server, request, TICKETS, {
      ...http,
      ...skew,
    });
    expect(claims.client_id).toBe('photos-service');
  });

  it.each<[string, Record<string, string>, string | undefined, string]>([
    ['a public client', { client_id: 'public-client' }, undefined, 'unauthorized_client'],
    ['a client without the grant', {}, 'no-grants:secret', 'unauthorized_client'],
    ['a client without any scope', {}, 'no-scope:secret', 'invalid_scope'],
    ['a scope of another client', { scope: 'photos:read' }, photosService, 'invalid_scope'],
    ['the scope openid', { scope: 'openid' }, photosService, 'invalid_scope'],
    [
      'a resource without the scope',
      { resource: 'http://localhost:3001' },
      photosService,
      'invalid_target',
    ],
    ['an unknown resource', { resource: 'urn:x' }, photosService, 'invalid_target'],
    ['the password grant', { grant_type: 'password' }, photosService, 'unsupported_grant_type'],
    [
      'a grant called __proto__',
      { grant_type: '__proto__' },
      photosService,
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
        headers: { authorization: toBasicAuthorization(photosService) },
        body: new URLSearchParams([
          ...Object.entries(grant),
          ...resources.map((resource): [string, string] => ['resource', resource]),
        ]),
      });
    for (const others of ['http://localhost:3001', 'urn:x', 'relative']) {
      const { status, body } = await ask(TICKETS, others);
      expect([status, body['error']]).toEqual([400, 'invalid_target']);
    }
    expect((await ask(TICKETS, TICKETS)).status).toBe(200);
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
