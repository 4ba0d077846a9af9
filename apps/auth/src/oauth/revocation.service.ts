import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.entity.js';
import type { AccessTokenClaims } from '../tokens/access-token.service.js';
import { AccessTokenVerifier } from '../tokens/access-token-verifier.js';
import { OAuthError } from '../platform/oauth-error.js';
import { RefreshTokenRevocation } from '../sessions/refresh-token-revocation.service.js';
import { RefreshTokenService } from '../sessions/refresh-token.service.js';
import { SessionService } from '../sessions/session.service.js';

/** Revokes the session of a token, and with it all tokens of the session (RFC 7009). */
@Injectable()
export class RevocationService {
  constructor(
    private readonly refreshTokens: RefreshTokenService,
    private readonly accessTokenVerifier: AccessTokenVerifier,
    private readonly sessions: SessionService,
    private readonly revocation: RefreshTokenRevocation,
  ) {}

  /**
   * "If this validation fails, the request is refused" (§2.1), and "invalid tokens do not cause an error" (§2.2): an invalid
   * token, or a token of another client, changes nothing.
   * @throws {OAuthError} `unsupported_token_type`
   */
  async revoke(text: string, client: Client): Promise<void> {
    await this.refreshTokens.revoke(text, client.id);
    const token = this.accessTokenVerifier.verify(text);
    if (token?.client_id === client.id) await this.revokeSession(token, client);
  }

  /**
   * A token from client credentials has no session, and an exchanged token has the session of another client. Neither can be
   * revoked by this client, so the answer is an error: a success would claim that the token became invalid.
   */
  private async revokeSession({ sub, sid }: AccessTokenClaims, client: Client): Promise<void> {
    if (sid === undefined) throw OAuthError.unsupportedTokenType();
    const family = await this.sessions.findActiveFamily(sub, sid);
    if (!family) return;
    if (family.clientId !== client.id) throw OAuthError.unsupportedTokenType();
    // The user's browser session at this server continues, because it does not belong to the client.
    await this.revocation.revokeFamily(family.id, 'logout');
  }
}
