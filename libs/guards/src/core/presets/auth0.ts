import type { IssuerOptions } from '../issuer.options.js';
import { checkPresetArguments, HOST_NAME, matching } from './preset-arguments.js';

export interface Auth0Options {
  /** The tenant's domain or its custom one, whichever tokens name, such as `example.eu.auth0.com`. */
  readonly domain: string;
  /** Identifier of the API in Auth0. Default: the `audience` of the module. */
  readonly audience?: string | undefined;
  /** Reads `permissions` as scopes too. They are those of the user, not what the client was granted. Default false. */
  readonly permissionsAreScopes?: boolean | undefined;
}

/** Every token that was asked for with `openid` is for this API of the tenant as well, so it tells no API apart. */
const OWN_API_IDENTIFIER = matching(
  /^(?!https:\/\/[^/]+\/userinfo$)./,
  'the identifier of your own API',
);

/**
 * Auth0, with either access token profile (Auth0 docs, "Access Token Profiles"). Its own has `typ` JWT, `azp` and no
 * `jti`; that of RFC 9068 has them all. ID tokens are told apart by their audience, which is the client.
 *
 * @throws GuardsConfigurationError
 */
export function auth0({ domain, audience, permissionsAreScopes }: Auth0Options): IssuerOptions {
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
      tokenId: [],
    },
  };
}
