import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import type { Client } from '../clients/client.entity.js';
import { storedClaimsRequest } from '../id-tokens/claims-request.js';
import { IdTokens } from '../id-tokens/id-tokens.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import type { Session } from '../refresh-tokens/refresh-token-family.entity.js';
import { AccessTokens } from './access-tokens.js';
import type { TokenResponse } from './token-response.js';

/** What a person granted, of which one access token may carry but a part. */
interface Granted {
  readonly accountId: string;
  readonly scope: readonly string[];
  readonly claims: string | null;
  /** Of the authorization request; an ID token of a refresh has none (OpenID Connect Core §12.2). */
  readonly nonce?: string | null;
}

export interface SessionTokensContent {
  readonly client: Client;
  readonly session: Session;
  readonly granted: Granted;
  /** Of the access token. */
  readonly audience: string;
  readonly scope: readonly string[];
  /** Thumbprint of the key that the access token is bound to. */
  readonly dpopJkt: string | undefined;
}

/** What a client is given of a session: an access token and, where `openid` was granted, an ID token that vouches for it. */
@Injectable()
export class SessionTokens {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly idTokens: IdTokens,
    private readonly accounts: Accounts,
  ) {}

  /** @throws {OAuthError} `invalid_grant` where the account is gone */
  async issue(content: SessionTokensContent): Promise<TokenResponse> {
    const { client, session, granted, audience, scope, dpopJkt } = content;
    const response = await this.accessTokens.issue({
      subject: granted.accountId,
      clientId: client.id,
      audience,
      scope,
      ttl: client.accessTokenTtl,
      session,
      dpopJkt,
    });
    if (!granted.scope.includes('openid')) return response;
    return { ...response, id_token: await this.idToken(content, response.access_token) };
  }

  private async idToken(content: SessionTokensContent, accessToken: string): Promise<string> {
    const { client, session, granted } = content;
    const account = await this.accounts.find(granted.accountId);
    if (!account) throw OAuthError.invalidGrant('no such account');
    return this.idTokens.issue({
      client,
      account,
      session,
      accessToken,
      nonce: granted.nonce ?? null,
      requested: storedClaimsRequest(granted.claims).id_token,
    });
  }
}
