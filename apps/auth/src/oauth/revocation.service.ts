import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.entity.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { AccessTokenVerifier } from '../tokens/access-token-verifier.js';
import { OAuthError } from '../platform/oauth-error.js';
import { RefreshTokenRevocation } from '../sessions/refresh-token-revocation.service.js';
import { RefreshTokenService } from '../sessions/refresh-token.service.js';
import { SessionService } from '../sessions/session.service.js';

/** A client gives back what it was given (RFC 7009). With any token of its session the session ends, and all of its tokens. */
@Injectable()
export class RevocationService {
  constructor(
    private readonly refreshTokens: RefreshTokenService,
    private readonly accessTokenVerifier: AccessTokenVerifier,
    private readonly sessions: SessionService,
    private readonly families: RefreshTokenRevocation,
  ) {}

  /**
   * "If this validation fails, the request is refused" (§2.1), and "invalid tokens do not cause an error" (§2.2): a token that
   * is another client's, or nobody's, changes nothing.
   * @throws {OAuthError} `unsupported_token_type`
   */
  async revoke(text: string, client: Client): Promise<void> {
    await this.refreshTokens.revoke(text, client.id);
    const token = this.accessTokenVerifier.verify(text);
    if (token?.client_id === client.id) await this.revokeSession(token, client);
  }

  /**
   * A token that the client got for itself has no session, and one that it exchanged has another client's, which is not its to
   * end. Both live for minutes; to say that they ended would not be true.
   */
  private async revokeSession({ sub, sid }: AccessTokenClaims, client: Client): Promise<void> {
    if (sid === undefined) throw OAuthError.unsupportedTokenType();
    const family = await this.sessions.findActiveFamily(sub, sid);
    if (!family) return;
    if (family.clientId !== client.id) throw OAuthError.unsupportedTokenType();
    // The person stays logged in to this server's own pages: that is not the client's to end.
    await this.families.revoke({ familyId: family.id }, 'logout');
  }
}
