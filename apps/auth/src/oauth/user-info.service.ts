import { type AccessToken, InvalidToken } from '@gatehouse/guards';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AccountRepository } from '../accounts/account.repository.js';
import { limitClaims, parseStoredClaims, selectUserClaims } from '../tokens/standard-claims.js';
import { ClientRepository } from '../clients/client.repository.js';
import { ResourceServerService } from '../clients/resource-server.service.js';
import { computeSubject } from '../tokens/id-token.service.js';
import { SessionService } from '../sessions/session.service.js';

/** OpenID Connect Core §5.3.2. */
export const userInfoResponse = z.looseObject({
  sub: z.string().describe('The same as in the ID token'),
});
export type UserInfoResponse = Readonly<z.infer<typeof userInfoResponse>>;

/** Returns the claims about the user of a session. */
@Injectable()
export class UserInfoService {
  constructor(
    private readonly sessions: SessionService,
    private readonly clients: ClientRepository,
    private readonly accounts: AccountRepository,
    private readonly resourceServers: ResourceServerService,
  ) {}

  /**
   * The claims of the token's scope (§5.4), and the claims that the authorization request named and the user consented to
   * (§5.5).
   * @throws {InvalidToken} if the token has no active session, or its client or account does not exist
   */
  async getClaims({
    subject,
    sessionId = '',
    clientId = '',
    scopes,
  }: AccessToken): Promise<UserInfoResponse> {
    const [family, client] = await Promise.all([
      this.sessions.findActiveFamily(subject, sessionId),
      this.clients.findEnabled(clientId),
    ]);
    const account = await this.accounts.find(subject);
    if (!family || !client || !account) throw new InvalidToken('revoked');

    // The operator may have removed scopes from the client since the authorization.
    const userinfo = limitClaims(parseStoredClaims(family.claims).userinfo, client.scope);
    const scope = [...scopes].filter((word) => client.scope.includes(word));
    const names = [...scope, ...Object.keys(userinfo)];
    const roleClaims = await this.resourceServers.findRoleClaims(subject, names);
    return {
      ...selectUserClaims({ ...account, roleClaims }, scope, userinfo),
      sub: computeSubject(account, client),
    };
  }
}
