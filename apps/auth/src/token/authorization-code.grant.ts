import { Injectable } from '@nestjs/common';
import { AuthorizationCodes } from '../authorize/authorization-codes.js';
import { Redemptions } from '../authorize/redemptions.js';
import type { Client } from '../clients/client.entity.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import type { FamilyClient } from '../refresh-tokens/family-limits.js';
import { ResourceServers } from '../resource-servers/resource-servers.js';
import { AccessTokens } from './access-tokens.js';
import type { Grant, TokenRequest } from './grant.js';
import { SessionTokens } from './session-tokens.js';
import type { TokenResponse } from './token-response.js';

/** A client redeems the code that a person's browser brought (RFC 6749 §4.1.3), with PKCE (RFC 7636 §4.5). */
@Injectable()
export class AuthorizationCodeGrant implements Grant {
  readonly type = 'authorization_code';

  constructor(
    private readonly codes: AuthorizationCodes,
    private readonly redemptions: Redemptions,
    private readonly resourceServers: ResourceServers,
    private readonly accessTokens: AccessTokens,
    private readonly sessionTokens: SessionTokens,
  ) {}

  async exchange({ client, parameters, proven }: TokenRequest): Promise<TokenResponse> {
    const { code: text, redirect_uri: redirectUri, code_verifier: verifier, resource } = parameters;
    if (!text) throw OAuthError.invalidRequest('code is missing.');

    // "… issued to the authenticated confidential client", "valid", for the same redirect URI; RFC 7636 §4.6.
    const dpopJkt = proven?.jkt;
    const presentation = { clientId: client.id, redirectUri, verifier, dpopJkt };
    const code = await this.codes.present(text, presentation);

    // RFC 8707 §2.2: "… the set of resources … that were originally granted", or fewer.
    const { audience, scope } = this.resourceServers.pick(code, { resource });

    // Every check is behind us: "The client MUST NOT use the authorization code more than once."
    const isRefreshable = mayRefresh(client, code.scope);
    const limits = isRefreshable ? client : this.withoutRefresh(client);
    await proven?.spendProof();
    const refreshKey = client.refreshKeyOf(dpopJkt);
    const { token, session } = await this.redemptions.redeem(code, limits, refreshKey);

    const response = await this.sessionTokens.issue({
      client,
      session,
      granted: code,
      audience,
      scope,
      dpopJkt,
    });
    return isRefreshable ? { ...response, refresh_token: token } : response;
  }

  /** Nothing is left of such a session when its access token is gone: it ends a minute later. */
  private withoutRefresh(client: Client): FamilyClient {
    const lifetime = this.accessTokens.lifetimeOf(client.accessTokenTtl) + 60;
    return { id: client.id, refreshIdleTtl: lifetime, refreshAbsoluteTtl: lifetime };
  }
}

/** OpenID Connect Core §11: with `offline_access`. People are with our own clients as long as they do not log out. */
const mayRefresh = (client: Client, scope: readonly string[]): boolean =>
  client.allows('refresh_token') && (client.firstParty || scope.includes('offline_access'));
