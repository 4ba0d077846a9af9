import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.entity.js';
import type { EmailAction } from '../accounts/email-action.repository.js';
import {
  type ClaimedEmailAction,
  EmailActionPostponed,
  EmailActionService,
} from '../accounts/email-action.service.js';
import type { AttemptOrigin } from '../accounts/known-device-cookie.js';
import { LoginThrottleService } from '../accounts/login-throttle.service.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import { findBrokenRule, type PasswordRule } from '../accounts/password-policy.js';
import type { MessageLanguage } from '../platform/notifications/action-message.js';
import { AccountOperationsService } from './account-operations.service.js';
import { AuthorizedClientService } from './consent.service.js';

export interface PasswordResetRequest {
  /** Of the link, not validated. */
  readonly token: string;
  readonly newPassword: string;
  readonly origin: AttemptOrigin;
}

export type PasswordResetResult =
  | { readonly kind: 'reset' }
  /** Wrong, used, replaced or expired, or the address has no account that can log in. */
  | { readonly kind: 'invalid link' }
  | { readonly kind: 'broken rule'; readonly rule: PasswordRule };

/** The second one also gives the account the previous address back. */
const RESETS = ['reset_password', 'restore_email'] as const;

/** Lets the owner of an address choose a new password without the old one (OWASP ASVS 6.4.3). */
@Injectable()
export class PasswordResetService {
  constructor(
    private readonly actions: EmailActionService,
    private readonly passwords: PasswordHasher,
    private readonly throttle: LoginThrottleService,
    private readonly accountOperations: AccountOperationsService,
    private readonly authorizedClients: AuthorizedClientService,
  ) {}

  /**
   * Requests the mail with the link. It does the same for every address: only the job that sends mails looks up the account. An
   * address that got the mails of its limit gets no further one, and its latest link stays valid.
   * @param email in the form of `normalizeEmail`
   */
  async request(email: string, language: MessageLanguage): Promise<void> {
    const kind = 'reset_password';
    if ((await this.actions.countMail({ kind, email })) > 0) return;
    await this.actions.save({ kind, email, language });
  }

  /** @returns the address; undefined for a link that confirms nothing. Changes nothing. */
  async findEmail(token: string): Promise<string | undefined> {
    return (await this.actions.findByLink(RESETS, token))?.email;
  }

  /**
   * Sets the password, and ends every session and browser session of the account. Codes and refresh tokens end with them.
   * @throws {PasswordHashQueueFull}
   */
  async reset({ token, newPassword, origin }: PasswordResetRequest): Promise<PasswordResetResult> {
    const action = await this.actions.findByLink(RESETS, token);
    if (!action) return { kind: 'invalid link' };
    const rule = findBrokenRule(newPassword, action.email);
    if (rule !== undefined) return { kind: 'broken rule', rule };
    const passwordHash = await this.passwords.hash(newPassword);
    const isReset = await this.actions.claim(action, (claimed) =>
      this.apply(claimed, passwordHash),
    );
    if (!isReset) return { kind: 'invalid link' };
    await this.throttle.forget(action.email, origin);
    return { kind: 'reset' };
  }

  private async apply(
    { action, account }: ClaimedEmailAction,
    passwordHash: string,
  ): Promise<boolean> {
    if (!account || !canReset(account, action)) return false;
    const { id } = account;
    if (action.kind === 'restore_email' && !(await this.restoreEmail(id, action))) return false;
    await this.accountOperations.setPasswordHash(id, passwordHash, { by: 'owner', isReset: true });
    // The address was not verified before, so another person may have registered it, and may have given consents.
    if (await this.accountOperations.verifyEmail(id, 'owner'))
      await this.authorizedClients.deleteOfAccount(id);
    await this.actions.deletePending(id, action);
    return true;
  }

  private restoreEmail(accountId: string, { email }: EmailAction): Promise<boolean> {
    return this.accountOperations.changeEmail(accountId, email, { isRestored: true });
  }
}

/**
 * @throws {EmailActionPostponed} for an address to restore: an operator may have disabled the account because of the thief, and
 * the owner restores the address when the account is enabled again
 */
function canReset({ disabledAt }: Account, { kind }: EmailAction): boolean {
  if (disabledAt && kind === 'restore_email')
    throw new EmailActionPostponed('the account is disabled');
  return !disabledAt;
}
