import type { IntrospectionOptions } from '../../../src/introspection/index.js';
import { IntrospectionServer, outcome } from '../../support/introspection-server.js';

let server: IntrospectionServer;

beforeAll(async () => {
  server = await IntrospectionServer.listen();
});

afterAll(async () => server.close());

const NO_CACHE: Partial<IntrospectionOptions> = {
  acceptsMissing: ['exp'],
  cacheSeconds: 0,
  clockToleranceSeconds: 0,
};

const now = Math.floor(Date.now() / 1000);

/** Introspects a token whose answer differs from a valid one by these members. */
function introspect(changes: object, options: Partial<IntrospectionOptions> = {}) {
  server.issue('token', changes);
  return server.verifier(options).verify('token');
}

function refusal(changes: object, options: Partial<IntrospectionOptions> = {}) {
  server.issue('token', changes);
  return outcome(server.verifier(options), 'token');
}

describe('An active token (RFC 7662 §2.2)', () => {
  it('the verifier returns the members of the answer in the fields of an access token', async () => {
    const token = await introspect({
      scope: 'orders:read orders:write',
      aud: ['https://other.example', 'https://api.example'],
      nbf: now - 1,
      exp: now + 60,
      iat: now - 2,
      jti: 'id',
      sid: 'session',
      auth_time: now - 3,
      cnf: { jkt: 'thumbprint' },
      username: 'Alice',
    });
    expect(token).toMatchObject({
      issuer: server.origin,
      subject: 'alice',
      clientId: 'website',
      tokenId: 'id',
      audience: 'https://api.example',
      issuedAt: new Date((now - 2) * 1000),
      expiresAt: new Date((now + 60) * 1000),
      notBefore: new Date((now - 1) * 1000),
      sessionId: 'session',
      authenticatedAt: new Date((now - 3) * 1000),
      boundTo: 'thumbprint',
      claims: { username: 'Alice', active: true },
    });
    expect([...token.scopes]).toEqual(['orders:read', 'orders:write']);
    expect(Object.isFrozen(token.claims)).toBe(true);
  });

  it.each([
    ['no iss, because the endpoint serves one issuer', { iss: undefined }],
    ['no iat', { iat: undefined }],
    ['no jti, no token_type and no scope', { token_type: undefined, scope: undefined }],
    ['null in place of optional members', { jti: null, nbf: null, sid: null, scope: null }],
    ['token_type bearer in lower case', { token_type: 'bearer' }],
    ['token_use access_token, as Ory Hydra sends it', { token_use: 'access_token' }],
    ['typ Bearer, as Keycloak sends it', { typ: 'Bearer' }],
  ])('passes with %s', async (_name, changes) => {
    expect(await refusal(changes)).toBe('alice');
  });

  it.each([
    ['another iss', 'wrong_issuer', { iss: 'https://other.example' }],
    ['another aud', 'wrong_audience', { aud: 'https://other.example' }],
    ['no aud', 'wrong_audience', { aud: undefined }],
    ['an empty aud', 'wrong_audience', { aud: [] }],
    ['no exp', 'malformed_claims', { exp: undefined }],
    ['exp as a string', 'malformed_claims', { exp: String(now + 60) }],
    ['exp in milliseconds', 'malformed_claims', { exp: (now + 60) * 1000 }],
    ['exp in the past, although it is active', 'expired', { exp: now - 60 }],
    ['nbf in the future', 'not_yet_valid', { nbf: now + 60 }],
    ['iat in the future', 'issued_in_the_future', { iat: now + 60 }],
    ['no sub', 'malformed_claims', { sub: undefined }],
    ['an empty sub', 'malformed_claims', { sub: '' }],
    ['sub as an object', 'malformed_claims', { sub: { $ne: null } }],
    ['no client_id', 'malformed_claims', { client_id: undefined }],
    ['scope as a list', 'malformed_claims', { scope: ['orders:read'] }],
    ['the token_type of a refresh token', 'wrong_type', { token_type: 'refresh_token' }],
    [
      'token_use refresh_token, as Ory Hydra sends it',
      'wrong_type',
      { token_use: 'refresh_token' },
    ],
    ['typ Refresh, as Keycloak sends it', 'wrong_type', { typ: 'Refresh' }],
    ['typ ID, as Keycloak sends it', 'wrong_type', { typ: 'ID' }],
    ['token_type as a list', 'wrong_type', { token_type: ['Bearer', 'refresh_token'] }],
    ['a certificate binding', 'bound_token', { cnf: { 'x5t#S256': 'thumbprint' } }],
    ['active false beside all other members', 'inactive', { active: false }],
  ])('fails with %s: %s', async (_name, code, changes) => {
    expect(await refusal(changes)).toBe(code);
  });

  it.each([
    ['no aud', { aud: undefined }, { acceptsMissing: ['aud'] }],
    ['an empty aud', { aud: [] }, { acceptsMissing: ['aud'] }],
    ['no exp', { exp: undefined }, { acceptsMissing: ['exp'] }],
    ['no exp, without a cache or a tolerance', { exp: undefined }, NO_CACHE],
    ['no client_id', { client_id: undefined }, { claims: { clientId: [] } }],
    ['a claim that is required', { tenant: 'a' }, { requiredClaims: { tenant: ['a', 'b'] } }],
    ['a certificate binding', { cnf: { 'x5t#S256': 'x' } }, { ignoresTokenBinding: true }],
  ] satisfies [string, object, Partial<IntrospectionOptions>][])(
    'a token passes with %s where an option accepts it',
    async (_name, changes, options) => {
      expect(await refusal(changes, options)).toBe('alice');
    },
  );

  it('the verifier refuses another aud where a missing one is accepted', async () => {
    const options: Partial<IntrospectionOptions> = { acceptsMissing: ['aud', 'exp'] };
    expect(await refusal({ aud: 'https://other.example' }, options)).toBe('wrong_audience');
    expect(await refusal({ exp: now - 60 }, options)).toBe('expired');
  });

  it('takes the client as its subject where the option says so', async () => {
    const options: Partial<IntrospectionOptions> = { subject: ['sub', 'client_id'] };
    expect(await refusal({ sub: undefined }, options)).toBe('website');
    expect(await refusal({}, options)).toBe('alice');
  });

  it('a token without exp expires after cacheSeconds', async () => {
    const token = await introspect({ exp: undefined }, { acceptsMissing: ['exp'] });
    expect(token.expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(10_000);
    expect(token.claims).not.toHaveProperty('exp');
  });
});
