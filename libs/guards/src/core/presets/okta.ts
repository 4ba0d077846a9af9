import type { IssuerOptions } from '../issuer.options.js';
import { checkPresetArguments, HOST_NAME, PATH_SEGMENT } from './preset-arguments.js';

export interface OktaOptions {
  /** The org's domain or its custom one, whichever tokens name, such as `example.okta.com`; not that of the console. */
  readonly domain: string;
  /** Of a custom authorization server; Okta makes one that is called `default`. */
  readonly authorizationServerId: string;
  /** Audience of that authorization server. Default: the `audience` of the module. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * A custom authorization server of Okta. Its access tokens have no `typ`; those of the org's own server do, and are for
 * Okta alone to read. ID tokens are told apart by their audience, which is the client, and have no `cid`.
 *
 * @throws GuardsConfigurationError
 */
export function okta({ domain, authorizationServerId, audience }: OktaOptions): IssuerOptions {
  checkPresetArguments('okta', [
    ['domain', domain, HOST_NAME],
    ['authorizationServerId', authorizationServerId, PATH_SEGMENT],
  ]);
  const issuer = `https://${domain}/oauth2/${authorizationServerId}`;
  return {
    issuer,
    jwksUri: `${issuer}/v1/keys`,
    algorithms: ['RS256'],
    audience,
    tokenTypes: ['', 'JWT', 'at+jwt'],
    claims: { clientId: ['cid'], scopes: ['scp'] },
  };
}
