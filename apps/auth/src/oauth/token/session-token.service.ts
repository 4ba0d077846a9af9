import { Injectable } from '@nestjs/common';
import { AccountRepository } from '../../accounts/account.repository.js';
import type { Client } from '../../clients/client.entity.js';
import { ResourceServerService, type TokenAccess } from '../../clients/resource-server.service.js';
import { IdTokenService } from '../../tokens/id-token.service.js';
import { OAuthError } from '../../platform/oauth-error.js';
import type { ClaimedAccount } from '../../sessions/authorization-code.repository.js';
import type { SessionClaims } from '../../sessions/refresh-token-family.entity.js';
import { AccessTokenService, type IssuingGrant } from '../../tokens/access-token.service.js';
import { limitClaims, parseStoredClaims } from '../../tokens/standard-claims.js';
import type { TokenResponse } from './token.schema.js';

/** The grant of the user. One access token carries a part of it. */
interface SessionGrant {
  readonly accountId: string;
  readonly scope: readonly string[];
  readonly claims: string | null;
  /** `nonce` of the authorization request. After a refresh the ID token has none (OpenID Connect Core §12.2). */
  readonly nonce?: string | null;
}

export interface SessionTokenContent {
  readonly grant: IssuingGrant;
  readonly client: Client;
  readonly session: SessionClaims;
  /** Left out, it is read if the response needs it. */
  readonly account?: ClaimedAccount;
  readonly granted: SessionGrant;
  /** `aud`, `scope` and roles of the access token. */
  readonly access: TokenAccess;
  /** Thumbprint of the key that the access token is bound to. */
  readonly dpopJkt: string | undefined;
}

/** Issues the tokens of a session: an access token and, if `openid` was granted, an ID token with its hash. */
@Injectable()
export class SessionTokenService {
  constructor(
    private readonly accessTokens: AccessTokenService,
    private readonly idTokens: IdTokenService,
    private readonly accounts: AccountRepository,
    private readonly resourceServers: ResourceServerService,
  ) {}

  /** @throws {OAuthError} `invalid_grant` if the account does not exist any more */
  async issue(content: SessionTokenContent): Promise<TokenResponse> {
    const { client, session, granted, access, dpopJkt } = content;
    // The operator may have removed scopes from the client since the authorization.
    const requested = limitClaims(parseStoredClaims(granted.claims).id_token, client.scope);
    const roleClaims = await this.resourceServers.findRoleClaims(granted.accountId, [
      ...granted.scope,
      ...Object.keys(requested),
    ]);
    const response = await this.accessTokens.issue({
      grant: content.grant,
      subject: granted.accountId,
      clientId: client.id,
      ...access,
      roleClaims,
      ttl: client.accessTokenTtl,
      session,
      dpopJkt,
    });
    if (!granted.scope.includes('openid')) return response;

    const account = content.account ?? (await this.accounts.find(granted.accountId));
    if (!account)
      throw OAuthError.invalidGrant('account', { hint: 'The account does not exist any more.' });
    const idToken = await this.idTokens.issue({
      client,
      account: { ...account, roleClaims },
      session,
      accessToken: response.access_token,
      nonce: granted.nonce ?? null,
      scope: granted.scope,
      requested,
    });
    return { ...response, id_token: idToken };
  }
}
