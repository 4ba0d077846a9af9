import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { AccountRepository } from '../accounts/account.repository.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import type { StoredClaims } from '../tokens/standard-claims.js';
import { SessionRevocation } from './session.service.js';

export interface PasswordChange {
  readonly by: Actor;
  /** `sid` of the one session that stays, with the browser that it began in. */
  readonly keepSession?: string;
  /** The hash that was confirmed: whoever comes second changes nothing. Whatever there is, where left out. */
  readonly replaces?: string;
}

/** The password was changed by somebody else since it was confirmed, or there is no such account. Nothing was changed. */
export class PasswordChangeConflict extends Error {
  override readonly name = 'PasswordNotChanged';
}

/** What is done to accounts: each operation is one transaction with its events and the sessions that it ends. */
@Injectable()
export class AccountOperationsService {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly passwords: PasswordHasher,
    private readonly logouts: SessionRevocation,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEventService,
  ) {}

  /**
   * @param email lower case
   * @returns the account's id; nothing where the e-mail is taken
   * @throws {TooBusy}
   */
  async create(email: string, password: string, by: Actor): Promise<string | undefined> {
    const passwordHash = await this.passwords.hash(password);
    return this.unitOfWork.transaction(async () => {
      const accountId = await this.accounts.create(email, passwordHash);
      if (accountId) await this.events.record({ type: 'account.created', accountId, by });
      return accountId;
    });
  }

  /**
   * What clients are told of the person from now on, in place of all that they were told before.
   * @returns false where there is no such account
   */
  setClaims(accountId: string, claims: StoredClaims, by: Actor): Promise<boolean> {
    return this.unitOfWork.transaction(async () => {
      if (!(await this.accounts.setClaims(accountId, claims))) return false;
      await this.events.record({ type: 'account.claims_changed', accountId, by });
      return true;
    });
  }

  /**
   * Refuses its logins from now on, and ends its sessions.
   * @returns false where there is no such account, or it is disabled already
   */
  disable(accountId: string, by: Actor): Promise<boolean> {
    return this.unitOfWork.transaction(async () => {
      if (!(await this.accounts.disable(accountId))) return false;
      await this.logouts.revokeByAccount(accountId, 'account_disabled');
      await this.events.record({ type: 'account.disabled', accountId, by });
      return true;
    });
  }

  /**
   * Whoever knew the old password is out: its sessions end (OWASP ASVS 7.4.3), and logins that it began are refused.
   * @returns how many sessions ended
   * @throws {PasswordChangeConflict}
   * @throws {TooBusy}
   */
  async changePassword(
    accountId: string,
    password: string,
    { by, keepSession, replaces }: PasswordChange,
  ): Promise<number> {
    const passwordHash = await this.passwords.hash(password);
    return this.unitOfWork.transaction(async () => {
      if (!(await this.accounts.setPassword(accountId, passwordHash, replaces))) {
        throw new PasswordChangeConflict('the account is gone, or has another password by now');
      }
      const kept = keepSession === undefined ? undefined : { session: keepSession };
      const ended = await this.logouts.revokeByAccount(accountId, 'password_changed', kept);
      await this.events.record({ type: 'account.password_changed', accountId, by });
      return ended;
    });
  }
}
