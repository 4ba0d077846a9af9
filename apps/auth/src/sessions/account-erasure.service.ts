import { Injectable } from '@nestjs/common';
import { AccountRoleRepository } from '../accounts/account-role.repository.js';
import { AccountRepository } from '../accounts/account.repository.js';
import type { Actor } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { AccountTransactionService } from './account-transaction.service.js';
import { AuthorizationCodeRepository } from './authorization-code.repository.js';
import { BrowserSessionRepository } from './browser-session.repository.js';
import { ConsentRepository } from './consent.service.js';
import { RefreshTokenFamilyRepository } from './refresh-token-family.repository.js';
import { SessionService } from './session.service.js';

/** The rows that belong to one account. */
@Injectable()
export class AccountDataService {
  constructor(
    private readonly browserSessions: BrowserSessionRepository,
    private readonly families: RefreshTokenFamilyRepository,
    private readonly codes: AuthorizationCodeRepository,
    private readonly consents: ConsentRepository,
    private readonly roles: AccountRoleRepository,
  ) {}

  /** Joins the transaction of the caller. The sessions are revoked before. */
  async erase(accountId: string): Promise<void> {
    await this.browserSessions.deleteOfAccount(accountId);
    await this.families.erasePersonalData(accountId);
    await this.codes.deleteOfAccount(accountId);
    await this.consents.deleteOfAccount(accountId);
    await this.roles.deleteOfAccount(accountId);
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
      if (!(await this.accounts.erase(accountId))) return false;
      await this.sessions.revokeAllOfAccount(accountId, 'account_erased');
      await this.data.erase(accountId);
      await this.events.record({ type: 'account.erased', accountId, by });
      return true;
    });
  }
}
