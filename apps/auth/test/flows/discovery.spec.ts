import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as oauth from 'oauth4webapi';
import { TestAuth } from '../support/test-auth.js';

const ISSUER = 'http://localhost:3000';
const CLIENT_AUTHENTICATION = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
];
const ASSERTIONS = ['ES256', 'PS256', 'RS256', 'EdDSA'];

it.each(['closed', 'invited'])(
  'does not advertise prompt=create with REGISTRATION=%s (Initiating User Registration §4.2)',
  async (REGISTRATION) => {
    const auth = await TestAuth.start({ REGISTRATION });
    const { text } = await auth.send('/.well-known/openid-configuration', {});
    const prompts = ['none', 'login', 'consent', 'select_account'];
    expect(JSON.parse(text)).toHaveProperty('prompt_values_supported', prompts);
    await auth.stop();
  },
);

describe('server metadata (RFC 8414 §2, OpenID Connect Discovery §3)', () => {
  let auth: TestAuth;
  let metadata: Record<string, unknown>;
  beforeAll(async () => {
    auth = await TestAuth.start({ ID_TOKEN_ALGORITHM: 'RS256' });
    metadata = JSON.parse((await auth.send('/.well-known/openid-configuration', {})).text);
  });
  afterAll(() => auth.stop());

  it('lists the endpoints and features of this server', () => {
    expect(metadata).toEqual({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/oauth/authorize`,
      token_endpoint: `${ISSUER}/oauth/token`,
      userinfo_endpoint: `${ISSUER}/userinfo`,
      revocation_endpoint: `${ISSUER}/oauth/revoke`,
      introspection_endpoint: `${ISSUER}/oauth/introspect`,
      end_session_endpoint: `${ISSUER}/oauth/logout`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      service_documentation: `${ISSUER}/docs`,
      status_list_aggregation_endpoint: `${ISSUER}/oauth/status-lists`,
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'form_post'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      prompt_values_supported: ['none', 'login', 'consent', 'select_account', 'create'],
      acr_values_supported: ['1'],
      ui_locales_supported: ['en', 'de'],
      subject_types_supported: ['public', 'pairwise'],
      id_token_signing_alg_values_supported: ['ES256', 'RS256'],
      claim_types_supported: ['normal'],
      claims_supported: expect.arrayContaining(['sub', 'name', 'email', 'address', 'auth_time']),
      claims_parameter_supported: true,
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
      token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
      token_endpoint_auth_signing_alg_values_supported: ASSERTIONS,
      revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
      revocation_endpoint_auth_signing_alg_values_supported: ASSERTIONS,
      introspection_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION.slice(1),
      introspection_endpoint_auth_signing_alg_values_supported: ASSERTIONS,
      dpop_signing_alg_values_supported: ['ES256', 'PS256', 'RS256'],
      grant_types_supported: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
      scopes_supported: [
        // No user can grant the other scopes without a role.
        ...auth.config.RESOURCE_SERVERS.flatMap(({ scopes, privileged }) =>
          scopes.filter((scope) => !privileged.has(scope)),
        ),
        'sessions:read',
        'sessions:end',
        'account:password',
        'account:email',
        'account:delete',
        'openid',
        'profile',
        'email',
        'address',
        'phone',
        'roles',
        'groups',
        'offline_access',
      ],
      protected_resources: [
        ...auth.config.RESOURCE_SERVERS.map(({ identifier }) => identifier),
        ISSUER,
      ],
    });
  });

  it('oidcc-discovery-endpoint-verification: matches the schema of the OpenID Foundation', async () => {
    const file = new URL(
      '../support/vectors/oauth_authorization_server_metadata.json',
      import.meta.url,
    );
    const ajv = new Ajv2020({ formats: { uri: (text: string) => URL.canParse(text) } });
    const validate = ajv.compile(JSON.parse(await readFile(file, 'utf8')));
    validate(metadata);
    expect(validate.errors).toBeNull();
  });

  it('publishes the same document at both URLs, cacheable for five minutes', async () => {
    const { text, headers } = await auth.send('/.well-known/oauth-authorization-server', {});
    expect(JSON.parse(text)).toEqual(metadata);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(headers.get('content-type')).toMatch(/^application\/json/);
  });

  it('lists no endpoint that does not exist', async () => {
    const addresses = Object.entries(metadata).filter(([name]) =>
      /_(endpoint|uri|documentation)$/.test(name),
    );
    expect(addresses).toHaveLength(9);
    for (const [name, address] of addresses) {
      const path = String(address).replace(ISSUER, '');
      const method = /^(token|revocation|introspection)_/.test(name) ? 'POST' : 'GET';
      const { status } = await auth.send(path, { method });
      expect([name, status === 404 || status >= 500]).toEqual([name, false]);
    }
  });

  it('lists no claim twice', () => {
    const claims = [metadata['claims_supported']].flat();
    expect(new Set(claims).size).toBe(claims.length);
  });

  it('lists no status list endpoint if status lists are off', async () => {
    const other = await TestAuth.start({ STATUS_LISTS: 'false' });
    const { body } = await other.send('/.well-known/openid-configuration', {});
    expect(body).not.toHaveProperty('status_list_aggregation_endpoint');
    expect(body['id_token_signing_alg_values_supported']).toEqual(['ES256']);
    await other.stop();
  });

  it.each(['oidc', 'oauth2'] as const)(
    'interoperates with the discovery of oauth4webapi (%s)',
    async (algorithm) => {
      const issuer = new URL(ISSUER);
      const answer = await oauth.discoveryRequest(issuer, {
        algorithm,
        [oauth.allowInsecureRequests]: true,
        [oauth.customFetch]: (url: string, init: object) =>
          fetch(url.replace(ISSUER, auth.url), init),
      });
      const server = await oauth.processDiscoveryResponse(issuer, answer);
      expect(server.userinfo_endpoint).toBe(`${ISSUER}/userinfo`);
    },
  );

  describe('issuer with a path', () => {
    let other: TestAuth;
    beforeAll(async () => {
      other = await TestAuth.start({ ISSUER: 'https://example.org/tenant/auth' });
    });
    afterAll(() => other.stop());

    it.each([
      ['/.well-known/openid-configuration', 'behind a proxy that removes the path'],
      ['/.well-known/oauth-authorization-server', 'behind a proxy that removes the path'],
      ['/.well-known/oauth-authorization-server/tenant/auth', 'as in RFC 8414 §3.1'],
    ])('publishes the metadata at %s, %s', async (path) => {
      const { status, body } = await other.send(path, {});
      expect(status).toBe(200);
      expect(body['token_endpoint']).toBe('https://example.org/tenant/auth/oauth/token');
    });

    it.each(['tenant', 'tenant/auth/', 'tenant/auth/x', 'other'])(
      'publishes no metadata below the path %s',
      async (path) => {
        const { status } = await other.send(`/.well-known/oauth-authorization-server/${path}`, {});
        expect(status).toBe(404);
      },
    );
  });
});
