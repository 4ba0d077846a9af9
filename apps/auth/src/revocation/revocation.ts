import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.entity.js';
import type { IssuedToken } from '../issued-tokens/issued-token.js';
import { IssuedTokens } from '../issued-tokens/issued-tokens.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { FamilyLife } from '../refresh-tokens/family-life.js';
import { RefreshTokens } from '../refresh-tokens/refresh-tokens.js';
import { Sessions } from '../sessions/sessions.js';

/** A client gives back what it was given (RFC 7009). With any token of its session the session ends, and all of its tokens. */
@Injectable()
export class Revocation {
  constructor(
    private readonly refreshTokens: RefreshTokens,
    private readonly issuedTokens: IssuedTokens,
    private readonly sessions: Sessions,
    private readonly families: FamilyLife,
  ) {}

  /**
   * "If this validation fails, the request is refused" (§2.1), and "invalid tokens do not cause an error" (§2.2): a token that
   * is another client's, or nobody's, changes nothing.
   * @throws {OAuthError} `unsupported_token_type`
   */
  async revoke(text: string, client: Client): Promise<void> {
    await this.refreshTokens.revoke(text, client.id);
    const token = this.issuedTokens.read(text);
    if (token?.client_id === client.id) await this.endSessionOf(token, client);
  }

  /**
   * A token that the client got for itself has no session, and one that it exchanged has another client's, which is not its to
   * end. Both live for minutes; to say that they ended would not be true.
   */
  private async endSessionOf({ sub, sid }: IssuedToken, client: Client): Promise<void> {
    if (sid === undefined) throw OAuthError.unsupportedTokenType();
    const family = await this.sessions.find(sub, sid);
    if (!family) return;
    if (family.clientId !== client.id) throw OAuthError.unsupportedTokenType();
    // The person stays logged in to this server's own pages: that is not the client's to end.
    await this.families.end({ familyId: family.id }, 'logout');
  }
}
