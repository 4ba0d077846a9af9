import type { IssuerOptions } from '../core/verifier.options.js';
import { option, type OptionTable } from '../core/options.js';
import {
  type ArgumentFormat,
  BASE_URL,
  checkPresetArguments,
  checkPresetShape,
  matching,
  oneOf,
} from './preset-arguments.js';

export interface BetterAuthOptions {
  /** `baseURL` of the server without its path, such as `https://auth.example.com`. */
  readonly url: string;
  /** `basePath` of the server. Default `/api/auth`. */
  readonly path?: string | undefined;
  /**
   * The plugin that makes the tokens. `oauth-provider`: access tokens for a `resource`. `jwt`: tokens of `/token`, which
   * name the user, and neither a client nor scopes.
   */
  readonly plugin: 'oauth-provider' | 'jwt';
  /** Value of `aud`. Default: the `audience` of the module for `oauth-provider`, and `url` for `jwt`, as in the plugin. */
  readonly audience?: string | readonly string[] | undefined;
}

const OPTIONS: OptionTable = {
  url: option.any,
  path: option.any,
  plugin: option.any,
  audience: option.textOrTexts,
};

const ORIGIN: ArgumentFormat = {
  isValid: (text) => BASE_URL.isValid(text) && /^https?:\/\/[^/]+\/?$/.test(text),
  description: 'an http(s) URL without a path, which belongs to `path`',
};

const BASE_PATH = matching(/^(?:\/(?!\.+(?:\/|$))[\w.~-]+)*$/, 'a URL path such as `/api/auth`');

/**
 * A server with better-auth. One key signs the tokens of all its plugins. `typ` separates them: OAuth access tokens have
 * `at+jwt`; ID tokens and tokens of `/token` have none, and different `iss` and `aud`.
 *
 * @throws GuardsConfigurationError
 */
export function betterAuth(options: BetterAuthOptions): IssuerOptions {
  checkPresetShape('betterAuth', options, OPTIONS);
  const { url, path = '/api/auth', plugin, audience } = options;
  checkPresetArguments('betterAuth', [
    ['url', url, ORIGIN],
    ['path', path, BASE_PATH],
    ['plugin', plugin, oneOf('oauth-provider', 'jwt')],
  ]);
  const origin = url.replace(/\/$/, '');
  const common = { jwksUri: `${origin}${path}/jwks`, algorithms: ['EdDSA'] as const };
  if (plugin === 'oauth-provider') return { ...common, issuer: origin + path, audience };
  return {
    ...common,
    issuer: origin,
    audience: audience ?? origin,
    tokenTypes: [''],
    claims: { clientId: [], roles: ['role'], tokenId: [] },
  };
}
