import { Injectable } from '@nestjs/common';
import { OAuthError } from '../../platform/oauth-error.js';
import { OPENID_SCOPES } from '../../clients/auth.scopes.js';
import { ResourceServerService } from '../../clients/resource-server.service.js';
import { AccessTokenService } from '../../tokens/access-token.service.js';
import type { Grant, TokenRequest } from './grant.js';
import type { TokenResponse } from './token.schema.js';

/** A service that acts for itself (RFC 6749 §4.4). */
@Injectable()
export class ClientCredentialsGrant implements Grant {
  readonly type = 'client_credentials';

  constructor(
    private readonly resourceServers: ResourceServerService,
    private readonly accessTokens: AccessTokenService,
  ) {}

  async exchange({ client, parameters, proven }: TokenRequest): Promise<TokenResponse> {
    // "The client credentials grant type MUST only be used by confidential clients."
    if (client.isPublic) throw OAuthError.unauthorizedClient(this.type);

    // Nobody is logged in who could be known or be away.
    const most = client.scope.filter((word) => !Object.hasOwn(OPENID_SCOPES, word));
    const { resource, scope: asked } = parameters;
    const granted = this.resourceServers.grant(most, { resources: [], scope: asked });
    const { audience, scope } = this.resourceServers.selectAudience(granted, { resource });

    await proven?.markProofUsed();

    // "A refresh token SHOULD NOT be included." RFC 9068 §2.2: the subject is the client itself.
    return this.accessTokens.issue({
      verifySubjectToken: client.id,
      clientId: client.id,
      audience,
      scope,
      ttl: client.accessTokenTtl,
      statusIndex: client.statusIndex,
      dpopJkt: proven?.jkt,
    });
  }
}
