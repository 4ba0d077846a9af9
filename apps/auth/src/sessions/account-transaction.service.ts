import { type SqlStatement, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { AccountRepository, type AuthenticatedAccount } from '../accounts/account.repository.js';
import { ResourceServerService } from '../clients/resource-server.service.js';

/** What a login locks and reads before it creates a session, in one round trip. */
export interface Login {
  readonly accountId: string;
  /**
   * Lock the rows on which the login depends, in the order account, browser session, code. The last one changes a row only if all
   * of them allow the login.
   */
  readonly claim: readonly SqlStatement[];
  /** Counts the sessions of the account, after the locks. */
  readonly count: SqlStatement;
  /** The scope of the session at a client. */
  readonly scope?: readonly string[];
}

/** The result of the statements of a {@link Login}. */
export interface ClaimedLogin<Row> {
  /** `RETURNING` of the claim. */
  readonly row: Row;
  /** Sessions of the account that are not revoked; some may have expired. */
  readonly unrevoked: number;
}

/** Ends the transaction of a login whose condition does not hold any more. */
class LoginRefused extends Error {}

/**
 * Transactions on the sessions of one account. They run one after the other on all replicas, because each locks the row of the
 * account first. All code locks account, browser sessions and refresh token families in this order, so it cannot deadlock.
 */
@Injectable()
export class AccountTransactionService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountRepository,
    private readonly clock: Clock,
    private readonly resourceServers: ResourceServerService,
  ) {}

  /** @param work takes the current time, in milliseconds since the epoch */
  run<T>(accountId: string, work: (now: number) => Promise<T>): Promise<T> {
    return this.unitOfWork.transaction(async () => {
      await this.accounts.lock(accountId);
      return work(this.clock.now());
    });
  }

  /** The claim of a login by password. */
  claimAccount(account: AuthenticatedAccount): readonly SqlStatement[] {
    const claim = this.accounts.buildLoginClaim(account, this.clock.now());
    return account.attemptRemoval ? [account.attemptRemoval, claim] : [claim];
  }

  /**
   * Runs `work`, which creates a session.
   * @returns undefined, without a change, if since the person authenticated the account was disabled, its password changed, a role
   * of the scope was revoked, or another condition of the claim ended
   */
  async runLogin<Row, T>(
    login: Login,
    work: (claimed: ClaimedLogin<Row>) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.unitOfWork.transaction(async () => work(await this.claim<Row>(login)));
    } catch (error) {
      if (error instanceof LoginRefused) return undefined;
      throw error;
    }
  }

  private async claim<Row>({
    accountId,
    claim,
    count,
    scope = [],
  }: Login): Promise<ClaimedLogin<Row>> {
    const results = await this.unitOfWork.executeAll([...claim, count]);
    const [claimed, counted] = results.slice(-2);
    if (claimed?.affected !== 1) throw new LoginRefused();
    // The lock of the account: a revocation of a role either committed before, or waits and then revokes the new session.
    const allowed = await this.resourceServers.limitToRoles(accountId, scope);
    if (allowed.length < scope.length) throw new LoginRefused();
    const [{ count: unrevoked }] = counted?.rows as [{ readonly count: number }];
    return { row: claimed.rows[0] as Row, unrevoked };
  }
}
