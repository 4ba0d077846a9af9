import { type AccessToken, InvalidToken } from '@gatehouse/guards';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AccountRepository } from '../accounts/account.repository.js';
import { selectStandardClaims } from '../tokens/standard-claims.js';
import { ClientRepository } from '../clients/client.repository.js';
import { computeSubject } from '../tokens/subject-identifier.js';
import { SessionService } from '../sessions/session.service.js';
import { parseStoredClaims } from './authorize/claims-parameter.js';

/** OpenID Connect Core §5.3.2. */
export const userInfoResponse = z.looseObject({
  sub: z.string().describe('The same as in the ID token'),
});
export type UserInfoResponse = Readonly<z.infer<typeof userInfoResponse>>;

/** What a client is told of the person behind a session. */
@Injectable()
export class UserInfoService {
  constructor(
    private readonly sessions: SessionService,
    private readonly clients: ClientRepository,
    private readonly accounts: AccountRepository,
  ) {}

  /**
   * The claims of the token's scope, and those that the authorization request asked for by name, which the person was asked about
   * as well (§5.4, §5.5).
   * @throws {InvalidToken} where the session ended, or there never was one
   */
  async getClaims({
    subject,
    sessionId = '',
    clientId,
    scopes,
  }: AccessToken): Promise<UserInfoResponse> {
    const [family, client] = await Promise.all([
      this.sessions.findActiveFamily(subject, sessionId),
      this.clients.findEnabled(clientId),
    ]);
    const account = await this.accounts.find(subject);
    if (!family || !client || !account) throw new InvalidToken('revoked');

    const { userinfo } = parseStoredClaims(family.claims);
    return {
      ...selectStandardClaims(account, [...scopes], userinfo),
      sub: computeSubject(account, client),
    };
  }
}
