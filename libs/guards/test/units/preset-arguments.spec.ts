import { GuardsConfigurationError, type IssuerOptions } from '../../src/index.js';
import { auth0, betterAuth, cognito, entraId, keycloak, okta } from '../../src/presets/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';
import { recordings } from '../support/recordings/index.js';

const tenantId = '11111111-2222-4333-8444-555555555555';

describe('addresses of a preset', () => {
  it.each<[preset: IssuerOptions, issuer: string, jwksUri: string]>([
    [
      auth0({ domain: 'login.shop.example' }),
      'https://login.shop.example/',
      'https://login.shop.example/.well-known/jwks.json',
    ],
    [
      keycloak({ url: 'https://sso.example/auth', realm: 'shop' }),
      'https://sso.example/auth/realms/shop',
      'https://sso.example/auth/realms/shop/protocol/openid-connect/certs',
    ],
    [
      keycloak({ url: 'http://localhost:8080/', realm: 'shop' }),
      'http://localhost:8080/realms/shop',
      'http://localhost:8080/realms/shop/protocol/openid-connect/certs',
    ],
    [
      cognito({ region: 'us-gov-west-1', userPoolId: 'us-gov-west-1_aB3', clientIds: ['c1'] }),
      'https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_aB3',
      'https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_aB3/.well-known/jwks.json',
    ],
    [
      entraId({ tenantId, version: '1.0' }),
      `https://sts.windows.net/${tenantId}/`,
      `https://login.microsoftonline.com/${tenantId}/discovery/keys`,
    ],
    [
      entraId({ tenantId, version: '2.0' }),
      `https://login.microsoftonline.com/${tenantId}/v2.0`,
      `https://login.microsoftonline.com/${tenantId}/discovery/v2.0/keys`,
    ],
    [
      okta({ domain: 'example.okta.com', authorizationServerId: 'aus1a2b3' }),
      'https://example.okta.com/oauth2/aus1a2b3',
      'https://example.okta.com/oauth2/aus1a2b3/v1/keys',
    ],
    [
      betterAuth({ url: 'https://auth.example', plugin: 'oauth-provider' }),
      'https://auth.example/api/auth',
      'https://auth.example/api/auth/jwks',
    ],
    [
      betterAuth({ url: 'http://localhost:3000/', path: '/login/v1', plugin: 'jwt' }),
      'http://localhost:3000',
      'http://localhost:3000/login/v1/jwks',
    ],
  ])('uses the addresses of the product: $0.issuer', (preset, issuer, jwksUri) => {
    expect(preset).toMatchObject({ issuer, jwksUri });
  });

  it('makes options of every preset that pass the validation', () => {
    const issuers = recordings.map(({ preset }) => preset);
    const [first, ...others] = issuers;
    if (!first) throw new Error('No preset');
    const { issuers: resolved } = resolveOptions({ audience: 'a', issuers: [first, ...others] });

    expect(resolved.map(({ issuer }) => issuer)).toEqual(issuers.map(({ issuer }) => issuer));
  });
});

describe('arguments of a preset', () => {
  const pool = { region: 'eu-central-1', userPoolId: 'eu-central-1_EXAMPLE' };
  const absent: never = undefined as never;

  it.each<[what: string, preset: () => unknown, message: string]>([
    ['a scheme', () => auth0({ domain: 'https://a.auth0.com' }), '`domain`'],
    ['a slash', () => auth0({ domain: 'a.auth0.com/' }), '`domain`'],
    ['a path', () => auth0({ domain: 'a.auth0.com/.well-known/x?' }), '`domain`'],
    ['a port', () => okta({ domain: 'a.okta.com:1', authorizationServerId: 'x' }), '`domain`'],
    ['a user', () => auth0({ domain: 'a.auth0.com@evil.example' }), '`domain`'],
    ['capitals', () => auth0({ domain: 'A.auth0.com' }), 'in lower case'],
    ['a letter that looks like a Latin one', () => auth0({ domain: 'а.auth0.com' }), '`domain`'],
    ['a line break', () => auth0({ domain: 'a.auth0.com\n' }), '`domain`'],
    ['an IP address', () => auth0({ domain: '127.0.0.1' }), '`domain`'],
    ['no domain', () => auth0({ domain: absent }), 'not nothing'],
    [
      'the audience of the userinfo endpoint',
      () => auth0({ domain: 'a.auth0.com', audience: 'https://a.auth0.com/userinfo' }),
      '`audience` must be the identifier of your own API',
    ],
    ['a URL without a scheme', () => keycloak({ url: 'sso.example', realm: 'r' }), '`url`'],
    ['a query', () => keycloak({ url: 'https://sso.example/?a', realm: 'r' }), '`url`'],
    ['a fragment', () => keycloak({ url: 'https://sso.example/#', realm: 'r' }), '`url`'],
    ['credentials', () => keycloak({ url: 'https://a:b@sso.example', realm: 'r' }), '`url`'],
    ['a parent segment', () => keycloak({ url: 'https://sso.example/a/..', realm: 'r' }), '`url`'],
    ['a host in capitals', () => keycloak({ url: 'https://SSO.example', realm: 'r' }), '`url`'],
    ['the default port', () => keycloak({ url: 'https://sso.example:443', realm: 'r' }), '`url`'],
    [
      'a realm that is a parent segment',
      () => keycloak({ url: 'https://s.example', realm: '..' }),
      '`realm`',
    ],
    ['a realm with a path', () => keycloak({ url: 'https://s.example', realm: 'a/b' }), '`realm`'],
    ['an encoded realm', () => keycloak({ url: 'https://s.example', realm: 'a%2f' }), '`realm`'],
    ['no app client', () => cognito({ ...pool, clientIds: [] as never }), '`clientIds[0]`'],
    ['missing app clients', () => cognito({ ...pool, clientIds: absent }), '`clientIds[0]`'],
    ['an empty client', () => cognito({ ...pool, clientIds: ['c', ''] }), '`clientIds[1]`'],
    [
      'a pool of another region',
      () => cognito({ ...pool, region: 'eu-west-1', clientIds: ['c'] }),
      '`userPoolId` must be the identifier of a user pool of that region',
    ],
    [
      'a pool with a path',
      () => cognito({ ...pool, userPoolId: 'eu-central-1_A/../B', clientIds: ['c'] }),
      '`userPoolId`',
    ],
    [
      'a region that contains a host',
      () => cognito({ region: 'evil.example/#', userPoolId: 'evil.example/#_a', clientIds: ['c'] }),
      '`region`',
    ],
    [
      'the tenant common',
      () => entraId({ tenantId: 'common', version: '2.0' }),
      'GUID of one tenant',
    ],
    [
      'the tenant organizations',
      () => entraId({ tenantId: 'organizations', version: '2.0' }),
      'GUID',
    ],
    [
      'a domain instead of a tenant',
      () => entraId({ tenantId: 'a.onmicrosoft.com', version: '1.0' }),
      'GUID',
    ],
    ['a missing version', () => entraId({ tenantId, version: absent }), "'1.0' or '2.0'"],
    ['the version v2.0', () => entraId({ tenantId, version: 'v2.0' as never }), "'1.0' or '2.0'"],
    [
      'a version that is an inherited name',
      () => entraId({ tenantId, version: 'toString' as never }),
      "'1.0'",
    ],
    [
      'a missing authorization server',
      () => okta({ domain: 'a.okta.com', authorizationServerId: absent }),
      '`authorizationServerId`',
    ],
    [
      'a server with a path',
      () => betterAuth({ url: 'https://a.example/api/auth', plugin: 'jwt' }),
      'betterAuth(): `url` must be an http(s) URL without a path',
    ],
    [
      'a path without its slash',
      () => betterAuth({ url: 'https://a.example', path: 'api/auth', plugin: 'jwt' }),
      '`path`',
    ],
    [
      'a path with a parent segment',
      () => betterAuth({ url: 'https://a.example', path: '/api/../x', plugin: 'jwt' }),
      '`path`',
    ],
    [
      'a missing plugin',
      () => betterAuth({ url: 'https://a.example', plugin: absent }),
      "'oauth-provider' or 'jwt'",
    ],
  ])('throws a GuardsConfigurationError for %s', (_what, preset, message) => {
    expect(preset).toThrow(GuardsConfigurationError);
    expect(preset).toThrow(message);
  });

  it.each<[preset: (options: never) => IssuerOptions, options: object, message: string]>([
    [auth0, { domain: 'a.b', permissionsAreScopes: 'false' }, 'auth0(): `permissionsAreScopes`'],
    [auth0, { domain: 'a.b', permissionAreScopes: true }, 'did you mean `permissionsAreScopes`?'],
    [auth0, { Domain: 'a.b' }, 'did you mean `domain`?'],
    [cognito, { clientIds: 'abc' }, 'cognito(): `clientIds` must be a list'],
    [entraId, { tenantId, version: '1.0', rolesAreScopes: 1 }, 'entraId(): `rolesAreScopes`'],
    [keycloak, { rolesAreScopesOf: 'web' }, 'keycloak(): `rolesAreScopesOf` must be a list of'],
    [okta, { domain: 'a.okta.com', audience: 7 }, 'okta(): `audience` must be a string or a list'],
    [betterAuth, { baseURL: 'https://a.example' }, 'betterAuth(): `baseURL`'],
    [okta, [], 'okta(): pass an object'],
  ])(
    'names an option of a wrong shape, which JSON and JavaScript allow: %#',
    (preset, options, message) => {
      const make = () => preset(options as never);
      expect(make).toThrow(GuardsConfigurationError);
      expect(make).toThrow(message);
    },
  );

  it('reports all faults at once', () => {
    expect(() => okta({ domain: '', authorizationServerId: '' })).toThrow(
      expect.objectContaining({ faults: [expect.anything(), expect.anything()] }),
    );
  });
});
