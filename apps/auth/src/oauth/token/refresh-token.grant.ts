import { Injectable } from '@nestjs/common';
import { OAuthError } from '../../platform/oauth-error.js';
import { RefreshTokenService } from '../../sessions/refresh-token.service.js';
import { ResourceServerService } from '../../clients/resource-server.service.js';
import type { Grant, TokenRequest } from './grant.js';
import { SessionTokenService } from './session-token.service.js';
import type { TokenResponse } from './token.schema.js';

/** Refreshing an access token (RFC 6749 §6), with rotation (RFC 9700 §4.14.2). */
@Injectable()
export class RefreshTokenGrant implements Grant {
  readonly type = 'refresh_token';

  constructor(
    private readonly refreshTokens: RefreshTokenService,
    private readonly resourceServers: ResourceServerService,
    private readonly sessionTokens: SessionTokenService,
  ) {}

  async exchange({ client, parameters, proven }: TokenRequest): Promise<TokenResponse> {
    const { refresh_token: text, scope: asked, resource } = parameters;
    if (!text) throw OAuthError.invalidRequest('refresh_token is missing.');

    // "The authorization server MUST … validate the refresh token", and that it "was issued to" this client, and to the
    // holder of this key (RFC 9449 §5).
    const presented = await this.refreshTokens.validate(text, client, proven?.jkt);

    // "The requested scope MUST NOT include any scope not originally granted"; RFC 8707 §2.2 says it of resources.
    const { family } = presented;
    const { audience, scope } = this.resourceServers.selectAudience(family, {
      resource,
      scope: asked,
    });

    // Every check is behind us: rotation is the one step that cannot be taken back.
    await proven?.markProofUsed();
    const successor = await this.refreshTokens.rotate(
      presented,
      client.selectRefreshTokenKey(proven?.jkt),
    );

    // OpenID Connect Core §12.2: an ID token as well, where there was one before.
    const { session } = family;
    const response = await this.sessionTokens.issue({
      client,
      session,
      granted: family,
      audience,
      scope,
      dpopJkt: proven?.jkt,
    });
    return { ...response, refresh_token: successor };
  }
}
