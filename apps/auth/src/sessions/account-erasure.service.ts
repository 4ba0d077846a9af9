import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.entity.js';
import { AccountRepository } from '../accounts/account.repository.js';
import { AccountRowsService } from '../accounts/account-rows.service.js';
import { CredentialsService } from '../accounts/credentials.service.js';
import type { MessageLanguage } from '../platform/notifications/action-message.js';
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

interface ErasureOptions {
  /** The password hash that the owner confirmed. If the account has another hash by now, nothing changes. */
  readonly confirmedHash?: string;
  /** Of the mail to the owner. */
  readonly language?: MessageLanguage;
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
   * A mail tells the owner who deleted the account; an operator answers the person without this server.
   * @returns false if the account does not exist
   */
  erase(
    accountId: string,
    by: Actor,
    { confirmedHash, language }: ErasureOptions = {},
  ): Promise<boolean> {
    return this.transactions.run(accountId, async () => {
      const account = await this.accounts.find(accountId);
      if (!account || (confirmedHash ?? account.passwordHash) !== account.passwordHash)
        return false;
      const informed = by === 'owner' ? { to: account.email, language } : undefined;
      if (!(await this.accounts.erase(accountId, informed))) return false;
      await this.sessions.revokeAllOfAccount(accountId, 'account_erased');
      await this.data.erase(account);
      await this.events.record({ type: 'account.erased', accountId, by });
      return true;
    });
  }
}

/** Deletes the account of a signed-in user, who confirms the password, so that a stolen session is not enough. */
@Injectable()
export class AccountDeletionService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly erasure: AccountErasureService,
  ) {}

  /**
   * @param session a failed confirmation delays the next one of the same session
   * @returns false if the password is wrong, or changed meanwhile
   * @throws {PasswordHashQueueFull}
   * @throws {TooManyRequests}
   */
  async delete(
    session: { readonly accountId: string; readonly sessionId: string },
    password: string,
    language: MessageLanguage,
  ): Promise<boolean> {
    const account = await this.credentials.confirmPassword(session, password);
    if (!account) return false;
    const options = { confirmedHash: account.passwordHash, language };
    return this.erasure.erase(account.id, 'owner', options);
  }
}
