import { Injectable } from '@nestjs/common';
import { CredentialsService } from '../accounts/credentials.service.js';
import { EmailActionService } from '../accounts/email-action.service.js';
import type { MessageLanguage } from '../platform/notifications/action-message.js';
import { TooManyRequests } from '../platform/oauth-error.js';

export interface EmailChangeRequest {
  /** A failed confirmation of the password delays the next one of the same session. */
  readonly session: { readonly accountId: string; readonly sessionId: string };
  readonly password: string;
  /** In the form of `normalizeEmail`. */
  readonly newEmail: string;
  readonly language: MessageLanguage;
}

export type EmailChangeResult =
  | {
      readonly kind: 'requested';
      /** {@link EmailActionService.save} */
      readonly verification: string;
    }
  | { readonly kind: 'wrong password' }
  | { readonly kind: 'same address' };

/**
 * Requests another e-mail address for an account. The owner of the new address confirms it (`EmailVerificationService`). Until then
 * nothing changes. A password that changes meanwhile ends the request, because the owner reacted to a thief.
 */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly actions: EmailActionService,
  ) {}

  /**
   * It does the same for an address that has an account: only the job that sends mails looks the account up, and tells its owner.
   * @throws {PasswordHashQueueFull}
   * @throws {TooManyRequests}
   */
  async request(request: EmailChangeRequest): Promise<EmailChangeResult> {
    const { session, password, newEmail: email, language } = request;
    const account = await this.credentials.confirmPassword(session, password);
    if (!account) return { kind: 'wrong password' };
    if (account.email === email) return { kind: 'same address' };
    const { id: accountId, passwordHash } = account;
    await this.countMails([accountId, email]);
    const action = { kind: 'change_email', accountId, email, passwordHash, language } as const;
    const verification = await this.actions.saveOfAccount(action);
    return verification === undefined
      ? { kind: 'wrong password' }
      : { kind: 'requested', verification };
  }

  /** Per account, because one user could send a mail to any number of addresses, and per address, because many users could. */
  private async countMails(keys: readonly string[]): Promise<void> {
    for (const email of keys) {
      const waitsMs = await this.actions.countMail({ kind: 'change_email', email });
      if (waitsMs > 0) throw new TooManyRequests(waitsMs);
    }
  }
}
