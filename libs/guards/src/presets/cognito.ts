import type { IssuerOptions } from '../core/verifier.options.js';
import { option, type OptionTable } from '../core/options.js';
import {
  type ArgumentFormat,
  checkPresetArguments,
  checkPresetShape,
  matching,
} from './preset-arguments.js';

export interface CognitoOptions {
  /** Such as `eu-central-1`. */
  readonly region: string;
  /** Such as `eu-central-1_EXAMPLE`. */
  readonly userPoolId: string;
  /** App clients whose tokens are accepted. Access tokens of Cognito name the client instead of an audience. */
  readonly clientIds: readonly [string, ...string[]];
  /** Reads the user's groups as scopes too. Default false. */
  readonly groupsAreScopes?: boolean | undefined;
}

const REGION = matching(/^(?!cn-)[a-z]{2}(?:-[a-z]+)+-\d$/, 'an AWS region outside of China');
const CLIENT_ID = matching(/^[\w+]{1,128}$/, 'the identifier of an app client');

const OPTIONS: OptionTable = {
  region: option.any,
  userPoolId: option.any,
  clientIds: option.list,
  groupsAreScopes: option.flag(),
};

/**
 * A user pool of Amazon Cognito. Its access tokens have no `typ` and no `aud`, and a `jti` only if revocation is on.
 * `token_use` separates them from ID tokens.
 *
 * @throws GuardsConfigurationError
 */
export function cognito(options: CognitoOptions): IssuerOptions {
  checkPresetShape('cognito', options, OPTIONS);
  const { region, userPoolId, clientIds, groupsAreScopes } = options;
  const poolOfRegion: ArgumentFormat = {
    isValid: (id) => id.startsWith(`${region}_`) && /^[\w-]+$/.test(id),
    description: 'the identifier of a user pool of that region',
  };
  const clients = clientIds?.length > 0 ? clientIds : [undefined];
  checkPresetArguments('cognito', [
    ['region', region, REGION],
    ['userPoolId', userPoolId, poolOfRegion],
    ...clients.map((id, i) => [`clientIds[${i}]`, id, CLIENT_ID] as const),
  ]);
  const issuer = `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`;
  return {
    issuer,
    jwksUri: `${issuer}/.well-known/jwks.json`,
    algorithms: ['RS256'],
    audience: clientIds,
    tokenTypes: ['', 'JWT'],
    requiredClaims: { token_use: 'access' },
    claims: {
      audience: 'client_id',
      scopes: groupsAreScopes ? ['scope', 'cognito:groups'] : ['scope'],
      roles: ['cognito:groups'],
      tokenId: [],
    },
  };
}
