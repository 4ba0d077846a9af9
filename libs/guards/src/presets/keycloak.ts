import type { IssuerOptions } from '../core/verifier.options.js';
import { option, type OptionTable } from '../core/options.js';
import {
  BASE_URL,
  checkPresetArguments,
  checkPresetShape,
  PATH_SEGMENT,
} from './preset-arguments.js';

export interface KeycloakOptions {
  /** The public address in `iss`, including the `/auth` of older servers. */
  readonly url: string;
  readonly realm: string;
  /** Value that the realm's audience mapper adds to `aud`. Default: the `audience` of the module. */
  readonly audience?: string | readonly string[] | undefined;
  /** Reads the user's realm roles as scopes too. Default false. */
  readonly realmRolesAreScopes?: boolean | undefined;
  /** Clients whose roles of the user are read as scopes too. Default none. */
  readonly rolesAreScopesOf?: readonly string[] | undefined;
}

const OPTIONS: OptionTable = {
  url: option.any,
  realm: option.any,
  audience: option.textOrTexts,
  realmRolesAreScopes: option.flag(),
  rolesAreScopesOf: option.texts(),
};

/**
 * Keycloak. All tokens of a realm share their keys and may share the audience, so the claim `typ` decides: `Bearer`, or
 * `DPoP` for a token that is bound to a key. ID tokens have `ID`, and logout tokens have `Logout`.
 *
 * @throws GuardsConfigurationError
 */
export function keycloak(options: KeycloakOptions): IssuerOptions {
  checkPresetShape('keycloak', options, OPTIONS);
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
      roles: [['realm_access', 'roles']],
      scopes: [
        'scope',
        ...(realmRolesAreScopes ? [['realm_access', 'roles']] : []),
        ...rolesAreScopesOf.map((client) => ['resource_access', client, 'roles']),
      ],
    },
  };
}
