import { type AccessToken, InvalidToken } from '@gatehouse/guards';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Accounts } from '../accounts/accounts.js';
import { standardClaims } from '../accounts/standard-claims.js';
import { Clients } from '../clients/clients.js';
import { storedClaimsRequest } from '../id-tokens/claims-request.js';
import { subjectOf } from '../id-tokens/subject.js';
import { Sessions } from '../sessions/sessions.js';

/** OpenID Connect Core §5.3.2. */
export const userInfoResponse = z.looseObject({
  sub: z.string().describe('The same as in the ID token'),
});
export type UserInfoResponse = Readonly<z.infer<typeof userInfoResponse>>;

/** What a client is told of the person behind a session. */
@Injectable()
export class UserInfo {
  constructor(
    private readonly sessions: Sessions,
    private readonly clients: Clients,
    private readonly accounts: Accounts,
  ) {}

  /**
   * The claims of the token's scope, and those that the authorization request asked for by name, which the person was asked about
   * as well (§5.4, §5.5).
   * @throws {InvalidToken} where the session ended, or there never was one
   */
  async of({ subject, sessionId = '', clientId, scopes }: AccessToken): Promise<UserInfoResponse> {
    const [family, client] = await Promise.all([
      this.sessions.find(subject, sessionId),
      this.clients.find(clientId),
    ]);
    const account = await this.accounts.find(subject);
    if (!family || !client || !account) throw new InvalidToken('revoked');

    const { userinfo } = storedClaimsRequest(family.claims);
    return { ...standardClaims(account, [...scopes], userinfo), sub: subjectOf(account, client) };
  }
}
