import {
  type Decision,
  type SqlStatement,
  UnitOfWork,
  type WriteResult,
} from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { AccountRepository, type AuthenticatedAccount } from '../accounts/account.repository.js';
import { ResourceServerService } from '../clients/resource-server.service.js';

/** What a login locks and reads before it creates a session, in one round trip. */
export interface Login {
  readonly accountId: string;
  /**
   * Statements that lock the rows on which the login depends, in the order account, browser session, code. The login is refused
   * unless each has one row. The last one returns {@link ClaimedRow}.
   */
  readonly claim: readonly SqlStatement[];
  /** Runs at the commit. */
  readonly withCommit?: SqlStatement | undefined;
  /** The scope of the session at a client. */
  readonly scope?: readonly string[];
}

export interface ClaimedRow {
  /** Sessions of the account that are not revoked, of the kind that the login creates; some may have expired. */
  readonly unrevoked: number;
}

/** A login whose claim is one statement: {@link Decision} without its lock. */
export interface ImmediateLogin extends Pick<Login, 'accountId' | 'scope'> {
  /** Is called right before the statements are sent; when it throws, nothing is sent. */
  readonly build: () => Omit<Decision, 'lock'>;
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

  /**
   * The claim of a login by password.
   * @param count counts the sessions, see {@link ClaimedRow}
   */
  claimAccount(account: AuthenticatedAccount, count: SqlStatement): readonly SqlStatement[] {
    return [this.accounts.buildLoginClaim(account, this.clock.now()), count];
  }

  /**
   * The same for {@link decideLogin}. It does not hold for an account that has its limit of sessions.
   * @param count its `$1` is the id of the account
   * @param creation inserts
   */
  decideBelow(
    limit: number,
    account: AuthenticatedAccount,
    {
      count,
      creation,
    }: { readonly count: SqlStatement; readonly creation: readonly SqlStatement[] },
  ): Omit<Decision, 'lock'> {
    const { sql, parameters } = this.accounts.buildLoginClaim(account, this.clock.now());
    const claim = {
      sql: `${sql} AND (${count.sql}) < $${parameters.length + 1} RETURNING id`,
      parameters: [...parameters, limit],
    };
    // The row of the attempt may be gone, so its removal is not the last change, whose result tells whether the login succeeded.
    const removal = account.attemptRemoval;
    return { claim, changes: [...(removal ? [ifClaimed(removal)] : []), ...creation] };
  }

  /**
   * Creates a session in one round trip and one commit that concurrent logins share.
   * @returns see {@link UnitOfWork.decide}; without a row, {@link runLogin} decides
   */
  decideLogin<Row>({ accountId, scope = [], build }: ImmediateLogin): Promise<WriteResult<Row>> {
    // A privileged scope needs a query of the roles under the lock.
    if (this.resourceServers.filterByRoles([], scope).length < scope.length)
      return Promise.resolve({ affected: 0, rows: [] });
    const lock = this.accounts.buildLock(accountId);
    return this.unitOfWork.decide<Row>(() => ({ lock, ...build() }));
  }

  /**
   * Runs `work`, which creates a session.
   * @returns undefined, without a change, if since the person authenticated the account was disabled, its password changed, a role
   * of the scope was revoked, or another condition of the claim ended
   */
  async runLogin<Row extends ClaimedRow, T>(
    login: Login,
    work: (claimed: Row) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.unitOfWork.transaction(async () => work(await this.claim<Row>(login)));
    } catch (error) {
      if (error instanceof LoginRefused) return undefined;
      throw error;
    }
  }

  /** Statements that travel with the commit of {@link runLogin}. */
  addToCommit(statements: readonly SqlStatement[]): void {
    for (const { sql, parameters } of statements)
      this.unitOfWork.executeWithCommit(sql, parameters);
  }

  private async claim<Row>({ accountId, claim, withCommit, scope = [] }: Login): Promise<Row> {
    const results = await this.unitOfWork.executeAll(claim);
    if (results.some(({ affected }) => affected !== 1)) throw new LoginRefused();
    // The lock of the account: a revocation of a role either committed before, or waits and then revokes the new session.
    const allowed = await this.resourceServers.limitToRoles(accountId, scope);
    if (allowed.length < scope.length) throw new LoginRefused();
    if (withCommit) this.addToCommit([withCommit]);
    return results.at(-1)?.rows[0] as Row;
  }
}

const ifClaimed = ({ sql, parameters }: SqlStatement): SqlStatement => ({
  sql: `${sql} AND EXISTS (SELECT 1 FROM claimed)`,
  parameters,
});
