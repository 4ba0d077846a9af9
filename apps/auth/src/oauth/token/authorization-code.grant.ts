import { Injectable } from '@nestjs/common';
import {
  AuthorizationCodeExchange,
  AuthorizationCodeService,
} from '../authorize/authorization-code.service.js';
import type { Client } from '../../clients/client.entity.js';
import { OAuthError } from '../../platform/oauth-error.js';
import { requireProtectedCode } from '../authorize/pkce.js';
import type { RefreshTokenClient } from '../../sessions/refresh-token-limits.js';
import { isRegisteredRedirectUri } from '../../clients/redirect-uri.js';
import { limitToClient } from '../../clients/requested-scope.js';
import { ResourceServerService } from '../../clients/resource-server.service.js';
import { AccessTokenService } from '../../tokens/access-token.service.js';
import type { Grant, TokenRequest, TokenResponse } from './token.schema.js';
import { SessionTokenService } from './session-token.service.js';

/** The client redeems the code that the user's browser delivered (RFC 6749 §4.1.3), with PKCE (RFC 7636 §4.5). */
@Injectable()
export class AuthorizationCodeGrant implements Grant {
  readonly type = 'authorization_code';

  constructor(
    private readonly codes: AuthorizationCodeService,
    private readonly codeExchange: AuthorizationCodeExchange,
    private readonly resourceServers: ResourceServerService,
    private readonly accessTokens: AccessTokenService,
    private readonly sessionTokens: SessionTokenService,
  ) {}

  async exchange({ client, parameters, provenKey, arrival }: TokenRequest): Promise<TokenResponse> {
    const { code: text, redirect_uri: redirectUri, code_verifier: verifier, resource } = parameters;
    if (!text) throw OAuthError.invalidRequest('code is missing.');

    // RFC 6749 §4.1.3: the code "was issued to the authenticated confidential client", is "valid", and the redirect URIs are
    // identical. RFC 7636 §4.6: the verifier matches the challenge. Only a presentation that fits can reveal a reuse.
    const dpopJkt = provenKey?.jkt;
    const presentation = { clientId: client.id, redirectUri, verifier, dpopJkt, arrival };
    const issued = await this.codes.validate(text, presentation);

    // The operator may have changed the client since the authorization.
    if (!isRegisteredRedirectUri(issued.redirectUri, client)) {
      const hint = 'redirect_uri is not registered any more.';
      throw OAuthError.invalidGrant('redirect_uri', { presented: issued.redirectUri, hint });
    }
    const permitted = limitToClient(client, issued.scope);

    // The roles of the user may have changed, too. RFC 6749 §3.3: the response names the scope.
    const scopeNow = await this.resourceServers.requireRoles(issued.accountId, permitted);
    const code = { ...issued, nonce: issued.nonce, scope: scopeNow };
    requireProtectedCode(client, code);

    // RFC 8707 §2.2: "… the set of resources … that were originally granted", or fewer.
    const access = this.resourceServers.selectSignInAudience(code, { resource }, client);

    // All checks have passed. From here on the code is used: "The client MUST NOT use the authorization code more than once."
    const isRefreshable = canRefresh(client, code.scope);
    const limits = isRefreshable ? client : this.limitToAccessToken(client);
    arrival.checkStillWanted();
    await provenKey?.markProofUsed();
    const refreshKey = client.selectRefreshTokenKey(dpopJkt);
    const { token, session, account } = await this.codeExchange.exchange(code, limits, {
      arrival,
      refreshKey,
    });

    const response = await this.sessionTokens.issue({
      grant: this.type,
      client,
      session,
      account,
      granted: code,
      access,
      dpopJkt,
    });
    return isRefreshable ? { ...response, refresh_token: token } : response;
  }

  /** A session without a refresh token expires one minute after its access token. */
  private limitToAccessToken(client: Client): RefreshTokenClient {
    const lifetime = this.accessTokens.getLifetimeSeconds(client.accessTokenTtl) + 60;
    return { id: client.id, refreshIdleTtl: lifetime, refreshAbsoluteTtl: lifetime };
  }
}

/**
 * A client that may request `offline_access` gets a refresh token only for that scope (OpenID Connect Core §11). For other clients and
 * for first-party clients, §11 leaves it to the server: their refresh tokens end with the browser session.
 */
const canRefresh = (client: Client, scope: readonly string[]): boolean =>
  client.canUseGrant('refresh_token') &&
  (client.firstParty ||
    !client.scope.includes('offline_access') ||
    scope.includes('offline_access'));
