import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import { BrowserSession } from '../browser-sessions/browser-session.entity.js';
import type { FamilyClient } from '../refresh-tokens/family-limits.js';
import type { Session } from '../refresh-tokens/refresh-token-family.entity.js';
import { RefreshTokens } from '../refresh-tokens/refresh-tokens.js';
import type { AuthorizationCode } from './authorization-code.entity.js';
import { AuthorizationCodes } from './authorization-codes.js';

/** What a code became. */
export interface Redemption {
  readonly session: Session;
  /** The first refresh token of the family. */
  readonly token: string;
}

/** A code becomes a session at the client, once. */
@Injectable()
export class Redemptions {
  private readonly browserSessions: RowLookup<BrowserSession>;

  constructor(
    private readonly codes: AuthorizationCodes,
    private readonly accounts: Accounts,
    private readonly refreshTokens: RefreshTokens,
    unitOfWork: UnitOfWork,
  ) {
    this.browserSessions = unitOfWork.lookup(BrowserSession);
  }

  /**
   * The code is spent in the transaction that begins the family: a crash leaves both or neither.
   * @param code presented by this client, and found good
   * @param refreshKey thumbprint of the key that the refresh tokens are bound to
   * @throws {OAuthError} `invalid_grant` where it was spent meanwhile, or the person's session ended
   */
  async redeem(
    code: AuthorizationCode,
    client: FamilyClient,
    refreshKey: string | undefined,
  ): Promise<Redemption> {
    const { accountId, browserSessionId, authenticatedAt: at, amr } = code;
    const [account, browser] = await Promise.all([
      this.accounts.find(accountId),
      this.browserSessions.find(browserSessionId),
    ]);
    if (!account || !browser) return this.codes.refuse(code);

    const { userAgent, origin } = browser;
    const begun = await this.refreshTokens.begin({
      account,
      client,
      scope: code.scope,
      resources: code.resources,
      device: { userAgent, origin },
      authentication: { at, amr, browserSessionId },
      claims: code.claims,
      dpopJkt: refreshKey,
      spend: (familyId) => this.codes.spend(code, familyId),
    });
    return begun ?? this.codes.refuse(code);
  }
}
