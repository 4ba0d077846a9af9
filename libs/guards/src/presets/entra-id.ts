import type { IssuerOptions } from '../core/verifier.options.js';
import { option, type OptionTable } from '../core/options.js';
import { checkPresetArguments, checkPresetShape, GUID, oneOf } from './preset-arguments.js';

export interface EntraIdOptions {
  /** GUID of the directory. The aliases `common`, `organizations` and `consumers` are refused, because they are not issuers. */
  readonly tenantId: string;
  /**
   * The application ID of the API's registration. In version 1.0 it may be the application ID URI, `api://…`.
   * Default: the `audience` of the module.
   */
  readonly audience?: string | readonly string[] | undefined;
  /** `requestedAccessTokenVersion` in the manifest of the API, where null means 1.0. The client cannot choose it. */
  readonly version: '1.0' | '2.0';
  /** Reads `roles` as scopes too. They belong to the application in app-only tokens, and to the user otherwise. Default false. */
  readonly rolesAreScopes?: boolean | undefined;
}

/** Differences between the versions (Microsoft's "Access token claims reference"). */
const VERSIONS = {
  '1.0': {
    issuer: (tenant: string) => `https://sts.windows.net/${tenant}/`,
    keys: 'discovery/keys',
    clientId: 'appid',
  },
  '2.0': {
    issuer: (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`,
    keys: 'discovery/v2.0/keys',
    clientId: 'azp',
  },
};

const OPTIONS: OptionTable = {
  tenantId: option.any,
  audience: option.textOrTexts,
  version: option.any,
  rolesAreScopes: option.flag(),
};

/**
 * Microsoft Entra ID, for one tenant. All tenants share their keys, so only `iss` separates them. ID tokens have the
 * same `typ` and `ver`; they lack the client claim (`appid`, `azp`).
 *
 * @throws GuardsConfigurationError
 */
export function entraId(options: EntraIdOptions): IssuerOptions {
  checkPresetShape('entraId', options, OPTIONS);
  const { tenantId, audience, version, rolesAreScopes } = options;
  checkPresetArguments('entraId', [
    ['tenantId', tenantId, GUID],
    ['version', version, oneOf(...Object.keys(VERSIONS))],
  ]);
  const { issuer, keys, clientId } = VERSIONS[version];
  const tenant = tenantId.toLowerCase();
  return {
    issuer: issuer(tenant),
    jwksUri: `https://login.microsoftonline.com/${tenant}/${keys}`,
    algorithms: ['RS256'],
    audience,
    tokenTypes: ['JWT'],
    requiredClaims: { ver: version },
    claims: {
      clientId: [clientId],
      scopes: rolesAreScopes ? ['scp', 'roles'] : ['scp'],
      tokenId: ['uti'],
    },
  };
}
