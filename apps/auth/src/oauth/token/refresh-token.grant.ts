import { Injectable } from '@nestjs/common';
import { OAuthError } from '../../platform/oauth-error.js';
import { RefreshTokenRotation } from '../../sessions/refresh-token-rotation.service.js';
import { limitToClient } from '../../clients/requested-scope.js';
import { ResourceServerService } from '../../clients/resource-server.service.js';
import type { Grant, TokenRequest, TokenResponse } from './token.schema.js';
import { SessionTokenService } from './session-token.service.js';

/** Refreshing an access token (RFC 6749 §6), with rotation (RFC 9700 §4.14.2). */
@Injectable()
export class RefreshTokenGrant implements Grant {
  readonly type = 'refresh_token';

  constructor(
    private readonly rotation: RefreshTokenRotation,
    private readonly resourceServers: ResourceServerService,
    private readonly sessionTokens: SessionTokenService,
  ) {}

  async exchange({ client, parameters, provenKey, arrival }: TokenRequest): Promise<TokenResponse> {
    const { refresh_token: text, scope: requested, resource } = parameters;
    if (!text) throw OAuthError.invalidRequest('refresh_token is missing.');

    // "The authorization server MUST … validate the refresh token" and that it "was issued to" this client, and check the key to
    // which it is bound (RFC 9449 §5).
    const request = { client, arrival, dpopJkt: provenKey?.jkt };
    const validated = await this.rotation.validate(text, request);

    // "The requested scope MUST NOT include any scope not originally granted". RFC 8707 §2.2: the same for resources.
    const { family } = validated;
    const { resources, accountId, claims } = family;
    const granted = this.resourceServers.narrowAtRefresh(family.scope, requested);
    // The registration of the client and the roles of the user may have changed since the login.
    const permitted = limitToClient(client, granted);
    const allowed = await this.resourceServers.requireRoles(accountId, permitted);
    const access = this.resourceServers.selectSignInAudience(
      { resources, scope: allowed },
      { resource, scope: requested },
      client,
    );

    // All checks have passed. Rotation is the irreversible step.
    arrival.checkStillWanted();
    await provenKey?.markProofUsed();
    const successor = await this.rotation.rotate(
      validated,
      client.selectRefreshTokenKey(provenKey?.jkt),
    );

    // OpenID Connect Core §12.2: the answer has an ID token if `openid` was granted.
    const { session } = family;
    const response = await this.sessionTokens.issue({
      grant: this.type,
      client,
      session,
      granted: { accountId, claims, scope: limitToClient(client, family.scope) },
      access,
      dpopJkt: provenKey?.jkt,
    });
    return { ...response, refresh_token: successor };
  }
}
