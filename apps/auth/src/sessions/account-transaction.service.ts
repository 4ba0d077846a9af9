import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { AccountRepository, type AuthenticatedAccount } from '../accounts/account.repository.js';
import { ResourceServerService } from '../clients/resource-server.service.js';
import { BrowserSessionRepository } from './browser-session.repository.js';

export interface Login {
  readonly account: AuthenticatedAccount;
  /** The browser session in which the person authenticated. */
  readonly browserSessionId?: string | undefined;
  /** The scope of the session at a client. */
  readonly scope?: readonly string[];
}

/**
 * Transactions on the sessions of one account. They run one after the other on all replicas, because each locks the row of the
 * account first. All code locks account, browser sessions and refresh token families in this order, so it cannot deadlock.
 */
@Injectable()
export class AccountTransactionService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountRepository,
    private readonly browserSessions: BrowserSessionRepository,
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
   * Runs `work`, which creates a session.
   * @returns undefined, without a call of `work`, if since the person authenticated the account was disabled, its password
   * changed, a role of the scope was revoked, or the browser session was revoked
   */
  runLogin<T>(
    { account, browserSessionId, scope = [] }: Login,
    work: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return this.unitOfWork.transaction(async () => {
      if (!(await this.accounts.claimForLogin(account, this.clock.now()))) return undefined;
      // The lock of the account: a revocation of a role either committed before, or waits and then revokes the new session.
      const allowed = await this.resourceServers.limitToRoles(account.id, scope);
      if (allowed.length < scope.length) return undefined;
      if (browserSessionId === undefined) return work();
      // A concurrent revocation either committed before, so no session is created, or waits here and then revokes the new session.
      if (!(await this.browserSessions.lockUnrevoked(browserSessionId))) return undefined;
      return work();
    });
  }
}
