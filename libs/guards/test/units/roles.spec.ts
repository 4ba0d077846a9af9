import { readAccessToken } from '../../src/core/read-access-token.js';
import type { IssuerOptions } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';
import { auth0, cognito, entraId, keycloak, okta } from '../../src/presets/index.js';
import { auth0Recording } from '../support/recordings/auth0.js';
import { cognitoRecording } from '../support/recordings/cognito.js';
import { entraIdRecording } from '../support/recordings/entra-id.js';
import { keycloakRecording } from '../support/recordings/keycloak.js';
import { oktaRecording } from '../support/recordings/okta.js';

/** Reads claims as if a signature had covered them. */
function readToken(issuer: IssuerOptions, claims: object) {
  const options = resolveOptions({ audience: 'https://api.example', issuers: [issuer] });
  const [resolved] = options.issuers;
  if (!resolved) throw new Error('No issuer');
  return readAccessToken(JSON.parse(JSON.stringify(claims)), resolved);
}

const readRoles = (issuer: IssuerOptions, claims: object) => [...readToken(issuer, claims).roles];

const namespaced = 'https://example.com/roles';

it.each([
  [
    'roles of Keycloak’s realm',
    keycloakRecording,
    keycloak({ url: 'https://sso.example.com', realm: 'shop' }),
    { realm_access: { roles: ['staff'] } },
  ],
  [
    'app roles of Entra ID',
    entraIdRecording,
    entraId({ tenantId: '11111111-2222-4333-8444-555555555555', version: '2.0' }),
    { roles: ['staff'] },
  ],
  [
    'groups of Cognito',
    cognitoRecording,
    cognito({
      region: 'eu-central-1',
      userPoolId: 'eu-central-1_EXAMPLE',
      clientIds: ['1example23456789abcdefghij'],
    }),
    { 'cognito:groups': ['staff'] },
  ],
  [
    'groups of Okta',
    oktaRecording,
    okta({ domain: 'example.okta.com', authorizationServerId: 'default' }),
    { groups: ['staff'] },
  ],
  [
    'a namespaced claim of Auth0',
    auth0Recording,
    auth0({ domain: 'example.eu.auth0.com', rolesClaim: namespaced }),
    { [namespaced]: ['staff'] },
  ],
  [
    'the claim `roles` of Auth0 by default',
    auth0Recording,
    auth0({ domain: 'example.eu.auth0.com' }),
    { roles: ['staff'] },
  ],
])('reads %s as roles of the token', (_name, { accessToken, expected }, preset, claims) => {
  const options = { ...preset, audience: expected.audience };
  expect(readRoles(options, { ...accessToken.claims, ...claims })).toEqual(['staff']);
});

describe('roles of a token (RFC 9068 §2.2.3.1)', () => {
  const issuer: IssuerOptions = { issuer: 'https://auth.example', algorithms: ['ES256'] };
  const claims = {
    iss: 'https://auth.example',
    sub: 'alice',
    aud: 'https://api.example',
    client_id: 'web',
    jti: 'j1',
    iat: 1,
    exp: 2,
  };

  it.each([
    [
      ['admin', 'staff'],
      ['admin', 'staff'],
    ],
    ['site admin', ['site admin']],
    [['admin', 7, null, ['staff'], ''], ['admin']],
    [7, []],
    [{ admin: true }, []],
    [undefined, []],
  ])('are %j in the claim, and %j in the token', (roles, expected) => {
    expect(readRoles(issuer, { ...claims, roles })).toEqual(expected);
  });

  it('the verifier collects them from every path of `claims.roles`', () => {
    const paths = {
      roles: [
        ['realm_access', 'roles'],
        ['resource_access', 'api', 'roles'],
      ],
    };
    const access = { realm_access: { roles: ['a'] }, resource_access: { api: { roles: ['b'] } } };

    expect(readRoles({ ...issuer, claims: paths }, { ...claims, ...access })).toEqual(['a', 'b']);
  });

  it('no handler can change them, because requests with the same token share them', () => {
    const { roles } = readToken(issuer, claims);
    const set: Set<string> = roles as never;

    expect(() => set.add('admin')).toThrow(TypeError);
    expect(roles.has('admin')).toBe(false);
  });
});
