import { Injectable } from '@nestjs/common';
import { CredentialsService } from '../accounts/credentials.service.js';
import { EmailActionService, type ClaimedEmailAction } from '../accounts/email-action.service.js';
import type { EmailAction } from '../accounts/email-action.repository.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import { RegisteredAccountService } from '../accounts/registration.service.js';
import { AccountOperationsService } from './account-operations.service.js';

const VERIFICATIONS = ['register', 'verify_email'] as const;

/** The account whose address is now verified. */
export interface VerifiedAccount {
  readonly accountId: string;
}

/**
 * Verifies the addresses of registrations. A confirmation proves two things: the mailbox, by code or link, and the person who
 * registered, by the id that only their page knows, by the password, or by a session of the account. So the owner of an address
 * with which an attacker registered cannot confirm the attacker's account.
 */
@Injectable()
export class EmailVerificationService {
  constructor(
    private readonly actions: EmailActionService,
    private readonly credentials: CredentialsService,
    private readonly passwords: PasswordHasher,
    private readonly accountOperations: AccountOperationsService,
    private readonly registered: RegisteredAccountService,
  ) {}

  /** @returns undefined if id or code is wrong, used, replaced or expired, or the address has another account */
  confirmByCode(attempt: { id: string; code: string }): Promise<VerifiedAccount | undefined> {
    return this.actions.claimByCode(VERIFICATIONS, attempt, (claimed) => this.apply(claimed));
  }

  /** Changes nothing. @param token of a link, not validated */
  findByLink(token: string): Promise<EmailAction | undefined> {
    return this.actions.findByLink(VERIFICATIONS, token);
  }

  /**
   * @param accountId of the session of the browser
   * @returns undefined if the session is of another account, or as for {@link confirmByCode}
   */
  confirmInSession(action: EmailAction, accountId: string): Promise<VerifiedAccount | undefined> {
    if (action.accountId !== accountId) return Promise.resolve(undefined);
    return this.actions.claim(action, (claimed) => this.apply(claimed));
  }

  /**
   * @returns undefined if the password is wrong, or as for {@link confirmByCode}
   * @throws {PasswordHashQueueFull}
   * @throws {TooManyRequests}
   */
  async confirmByPassword(
    action: EmailAction,
    password: string,
  ): Promise<VerifiedAccount | undefined> {
    if (!(await this.isPassword(action, password))) return undefined;
    return this.actions.claim(action, (claimed) => this.apply(claimed));
  }

  private async isPassword(action: EmailAction, password: string): Promise<boolean> {
    const { id, accountId, passwordHash } = action;
    if (accountId === null) {
      // A guess counts as a wrong code: a pending registration has no account whose logins are delayed.
      const mayCompare = await this.actions.countAttempt(id);
      return mayCompare && this.passwords.matches(password, passwordHash ?? undefined);
    }
    const attempt = { accountId, sessionId: id };
    return (await this.credentials.confirmPassword(attempt, password)) !== undefined;
  }

  private async apply({ action, account }: ClaimedEmailAction) {
    const isPending = action.kind === 'register';
    // The account may have got another address, or may be disabled.
    if (!isPending && (account?.email !== action.email || account.disabledAt)) return undefined;
    const accountId = isPending
      ? await this.registered.createConfirmed(action)
      : (action.accountId ?? undefined);
    if (accountId === undefined) return undefined;
    await this.accountOperations.verifyEmail(accountId, 'owner');
    return { accountId };
  }
}
