import type { IssuerOptions } from '../core/verifier.options.js';
import { option, type OptionTable } from '../core/options.js';
import { checkPresetArguments, checkPresetShape, HOST_NAME, matching } from './preset-arguments.js';

export interface Auth0Options {
  /** The domain in `iss`, such as `example.eu.auth0.com`: the tenant's own or its custom one. */
  readonly domain: string;
  /** Identifier of the API in Auth0. Default: the `audience` of the module. */
  readonly audience?: string | undefined;
  /** Reads `permissions` as scopes too. They are the user's permissions, not scopes granted to the client. Default false. */
  readonly permissionsAreScopes?: boolean | undefined;
  /** The claim with the user's roles, which an Action of the tenant adds, such as `https://example.com/roles`. Default `roles`. */
  readonly rolesClaim?: string | undefined;
}

/** Every token with `openid` also names the tenant's userinfo API, so this audience identifies no API. */
const OWN_API_IDENTIFIER = matching(
  /^(?!https:\/\/[^/]+\/userinfo$)./,
  'the identifier of your own API',
);

const OPTIONS: OptionTable = {
  domain: option.any,
  audience: option.any,
  permissionsAreScopes: option.flag(),
  rolesClaim: option.text,
};

/**
 * Auth0, with either access token profile (Auth0 docs, "Access Token Profiles"). Auth0's own profile has `typ` JWT,
 * `azp` and no `jti`; the RFC 9068 profile has the standard claims. The audience of an ID token is the client.
 *
 * @throws GuardsConfigurationError
 */
export function auth0(options: Auth0Options): IssuerOptions {
  checkPresetShape('auth0', options, OPTIONS);
  const { domain, audience, permissionsAreScopes, rolesClaim = 'roles' } = options;
  checkPresetArguments('auth0', [
    ['domain', domain, HOST_NAME],
    ...(audience === undefined ? [] : [['audience', audience, OWN_API_IDENTIFIER] as const]),
  ]);
  return {
    issuer: `https://${domain}/`,
    jwksUri: `https://${domain}/.well-known/jwks.json`,
    algorithms: ['RS256'],
    audience,
    tokenTypes: ['JWT', 'at+jwt'],
    claims: {
      clientId: ['azp', 'client_id'],
      scopes: permissionsAreScopes ? ['scope', 'permissions'] : ['scope'],
      roles: [rolesClaim],
      tokenId: [],
    },
  };
}
