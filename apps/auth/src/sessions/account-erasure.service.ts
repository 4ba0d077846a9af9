import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.entity.js';
import { AccountRepository } from '../accounts/account.repository.js';
import { AccountRowsService } from '../accounts/account-rows.service.js';
import type { Actor } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { AccountTransactionService } from './account-transaction.service.js';
import { BrowserSessionRepository } from './browser-session.repository.js';
import { AuthorizedClientService } from './consent.service.js';
import { RefreshTokenFamilyRepository } from './refresh-token-family.repository.js';
import { SessionService } from './session.service.js';

/** The rows that belong to one account. */
@Injectable()
export class AccountDataService {
  constructor(
    private readonly browserSessions: BrowserSessionRepository,
    private readonly families: RefreshTokenFamilyRepository,
    private readonly authorizedClients: AuthorizedClientService,
    private readonly rows: AccountRowsService,
  ) {}

  /** Joins the transaction of the caller. The sessions are revoked before. */
  async erase(account: Pick<Account, 'id' | 'email'>): Promise<void> {
    const { id } = account;
    await this.browserSessions.deleteOfAccount(id);
    await this.families.erasePersonalData(id);
    await this.authorizedClients.deleteOfAccount(id);
    await this.rows.erase(account);
  }
}

/** Erases accounts (GDPR Art. 17). */
@Injectable()
export class AccountErasureService {
  constructor(
    private readonly transactions: AccountTransactionService,
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionService,
    private readonly data: AccountDataService,
    private readonly events: SecurityEventService,
  ) {}

  /**
   * Removes the personal data of an account, and revokes its sessions, in one transaction. The status list reports the sessions,
   * so their access tokens become invalid too. Security events keep the id of the account, and never had its e-mail address.
   * @returns false if the account does not exist
   */
  erase(accountId: string, by: Actor): Promise<boolean> {
    return this.transactions.run(accountId, async () => {
      const account = await this.accounts.find(accountId);
      if (!account || !(await this.accounts.erase(accountId))) return false;
      await this.sessions.revokeAllOfAccount(accountId, 'account_erased');
      await this.data.erase(account);
      await this.events.record({ type: 'account.erased', accountId, by });
      return true;
    });
  }
}
