import type { IssuerOptions } from '../core/verifier.options.js';
import { option, type OptionTable } from '../core/options.js';
import {
  checkPresetArguments,
  checkPresetShape,
  HOST_NAME,
  PATH_SEGMENT,
} from './preset-arguments.js';

export interface OktaOptions {
  /** The domain in `iss`, such as `example.okta.com`: the org's own or its custom one, but not that of the admin console. */
  readonly domain: string;
  /** Identifier of a custom authorization server. Okta creates one with the name `default`. */
  readonly authorizationServerId: string;
  /** Audience of that authorization server. Default: the `audience` of the module. */
  readonly audience?: string | readonly string[] | undefined;
}

const OPTIONS: OptionTable = {
  domain: option.any,
  authorizationServerId: option.any,
  audience: option.textOrTexts,
};

/**
 * A custom authorization server of Okta. Its access tokens have no `typ`. Tokens of the org's own server are opaque to
 * other services. The audience of an ID token is the client, and it has no `cid`.
 *
 * @throws GuardsConfigurationError
 */
export function okta(options: OktaOptions): IssuerOptions {
  checkPresetShape('okta', options, OPTIONS);
  const { domain, authorizationServerId, audience } = options;
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
    claims: { clientId: ['cid'], scopes: ['scp'], roles: ['groups'] },
  };
}
