import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.entity.js';
import { CredentialsService } from '../accounts/credentials.service.js';
import {
  type ClaimedEmailAction,
  EmailActionService,
  isVerified,
} from '../accounts/email-action.service.js';
import type { EmailAction } from '../accounts/email-action.repository.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import { RegisteredAccountService } from '../accounts/registration.service.js';
import { AccountOperationsService } from './account-operations.service.js';
import type { KeptSession } from './session.service.js';

const VERIFICATIONS = ['register', 'verify_email', 'change_email'] as const;

/** The account whose address is now verified. */
export interface VerifiedAccount {
  readonly accountId: string;
  /** Whether the address is a new one. */
  readonly hasNewEmail: boolean;
}

/** The session in which a user confirms. */
export interface ConfirmingSession {
  readonly accountId: string;
  /** Stays when the address changes. */
  readonly kept: KeptSession | undefined;
}

/** The account may have got another address, or may be disabled. */
const findVerifiable = ({ email }: EmailAction, account: Account | null): Account | undefined =>
  account?.email === email && !account.disabledAt ? account : undefined;

/**
 * Verifies the addresses of registrations, and the new addresses of accounts. A confirmation proves two things: the mailbox, by code or link, and the person who
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
  confirmByCode(
    attempt: { id: string; code: string },
    session?: ConfirmingSession,
  ): Promise<VerifiedAccount | undefined> {
    const apply = (claimed: ClaimedEmailAction) => this.apply(claimed, session);
    return this.actions.claimByCode(VERIFICATIONS, attempt, apply);
  }

  /** Changes nothing. @param token of a link, not validated */
  findByLink(token: string): Promise<EmailAction | undefined> {
    return this.actions.findByLink(VERIFICATIONS, token);
  }

  /**
   * @returns undefined if the session is of another account, or as for {@link confirmByCode}
   */
  confirmInSession(
    action: EmailAction,
    session: ConfirmingSession,
  ): Promise<VerifiedAccount | undefined> {
    if (action.accountId !== session.accountId) return Promise.resolve(undefined);
    return this.actions.claim(action, (claimed) => this.apply(claimed, session));
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

  private async apply(
    claimed: ClaimedEmailAction,
    session?: ConfirmingSession,
  ): Promise<VerifiedAccount | undefined> {
    const { action, account } = claimed;
    if (action.kind === 'change_email') return this.changeEmail(claimed, session);
    const accountId =
      action.kind === 'register'
        ? await this.registered.createConfirmed(action)
        : findVerifiable(action, account)?.id;
    if (accountId === undefined) return undefined;
    await this.accountOperations.verifyEmail(accountId, 'owner');
    return { accountId, hasNewEmail: false };
  }

  /** The owner of the previous address gets a mail: with a link that restores it, if the owner had proved that address. */
  private async changeEmail(
    { action, account }: ClaimedEmailAction,
    session?: ConfirmingSession,
  ): Promise<VerifiedAccount | undefined> {
    const { email, language, passwordHash: confirmedHash } = action;
    if (!account || confirmedHash === null) return undefined;
    const { id: accountId, email: previous } = account;
    const kept = session?.accountId === accountId ? session.kept : undefined;
    const informed = isVerified(account) ? undefined : { to: previous, language };
    const change = { confirmedHash, kept, informed };
    if (!(await this.accountOperations.changeEmail(accountId, email, change))) return undefined;
    if (!informed)
      await this.actions.save({ kind: 'restore_email', accountId, email: previous, language });
    return { accountId, hasNewEmail: true };
  }
}
