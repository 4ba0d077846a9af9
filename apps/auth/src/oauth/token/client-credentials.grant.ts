import { Injectable } from '@nestjs/common';
import { OAuthError } from '../../platform/oauth-error.js';
import { splitWords } from '../../platform/request-text.js';
import { OPENID_SCOPES } from '../../clients/auth.scopes.js';
import { ResourceServerService } from '../../clients/resource-server.service.js';
import { AccessTokenService } from '../../tokens/access-token.service.js';
import type { Grant, TokenRequest, TokenResponse } from './token.schema.js';

/** A confidential client requests an access token for itself (RFC 6749 §4.4). */
@Injectable()
export class ClientCredentialsGrant implements Grant {
  readonly type = 'client_credentials';

  constructor(
    private readonly resourceServers: ResourceServerService,
    private readonly accessTokens: AccessTokenService,
  ) {}

  async exchange({ client, parameters, provenKey }: TokenRequest): Promise<TokenResponse> {
    // "The client credentials grant type MUST only be used by confidential clients."
    if (client.isPublic)
      throw OAuthError.unauthorizedClient(this.type, 'only a confidential client may');

    // The scopes of OpenID Connect need a user, so the client cannot get them for itself.
    rejectScopesOfUsers(parameters.scope);
    const allowed = client.scope.filter((word) => !isScopeOfUsers(word));
    const request = { resource: parameters.resource, scope: parameters.scope };
    const granted = this.resourceServers.grant(allowed, { resources: [], scope: request.scope });
    const { audience, scope } = this.resourceServers.selectOnlyAudience(granted, request);

    await provenKey?.markProofUsed();

    // "A refresh token SHOULD NOT be included." RFC 9068 §2.2: the subject is the client itself.
    return this.accessTokens.issue({
      grant: this.type,
      subject: client.id,
      clientId: client.id,
      audience,
      scope,
      ttl: client.accessTokenTtl,
      statusIndex: client.statusIndex,
      dpopJkt: provenKey?.jkt,
    });
  }
}

const isScopeOfUsers = (word: string): boolean => Object.hasOwn(OPENID_SCOPES, word);

/** @throws {OAuthError} `invalid_scope` */
function rejectScopesOfUsers(requested = ''): void {
  const presented = splitWords(requested).filter(isScopeOfUsers).join(' ');
  if (presented === '') return;
  const description = `The grant client_credentials has no user, whom this scope needs: ${presented}.`;
  throw OAuthError.invalidScope(description, { presented });
}
