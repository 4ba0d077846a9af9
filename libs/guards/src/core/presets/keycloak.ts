import type { IssuerOptions } from '../issuer.options.js';
import { BASE_URL, checkPresetArguments, PATH_SEGMENT } from './preset-arguments.js';

export interface KeycloakOptions {
  /** The public address that tokens are issued under, with the `/auth` of older servers, where there is one. */
  readonly url: string;
  readonly realm: string;
  /** What the realm's audience mapper adds to `aud`. Default: the `audience` of the module. */
  readonly audience?: string | readonly string[] | undefined;
  /** Reads the roles of the realm as scopes too. They are those of the user. Default false. */
  readonly realmRolesAreScopes?: boolean | undefined;
  /** Clients whose roles are read as scopes too. They are those of the user. Default none. */
  readonly rolesAreScopesOf?: readonly string[] | undefined;
}

/**
 * Keycloak. Every token of a realm is signed with the same keys and may have the same audience, so what counts is the
 * claim `typ`: `Bearer`, or `DPoP` where it is bound to a key, while ID tokens have `ID` and logout tokens `Logout`.
 *
 * @throws GuardsConfigurationError
 */
export function keycloak(options: KeycloakOptions): IssuerOptions {
  const { url, realm, audience, realmRolesAreScopes = false, rolesAreScopesOf = [] } = options;
  checkPresetArguments('keycloak', [
    ['url', url, BASE_URL],
    ['realm', realm, PATH_SEGMENT],
  ]);
  const issuer = `${url.replace(/\/$/, '')}/realms/${realm}`;
  return {
    issuer,
    jwksUri: `${issuer}/protocol/openid-connect/certs`,
    algorithms: ['RS256'],
    audience,
    tokenTypes: ['JWT', 'at+jwt'],
    requiredClaims: { typ: ['Bearer', 'DPoP'] },
    claims: {
      clientId: ['azp'],
      scopes: [
        'scope',
        ...(realmRolesAreScopes ? [['realm_access', 'roles']] : []),
        ...rolesAreScopesOf.map((client) => ['resource_access', client, 'roles']),
      ],
    },
  };
}
