import { Injectable } from '@nestjs/common';
import { CredentialsService } from '../accounts/credentials.service.js';
import { findBrokenRule, type PasswordRule } from '../accounts/password-policy.js';
import { AccountOperationsService, PasswordChangeConflict } from './account-operations.service.js';
import type { KeptSession } from './session.service.js';

export interface PasswordChangeRequest {
  readonly accountId: string;
  /** The session of the user. It stays; without one, every session ends. */
  readonly kept: KeptSession | undefined;
  readonly currentPassword: string;
  readonly newPassword: string;
}

export type PasswordChangeResult =
  | {
      readonly kind: 'changed';
      /** How many other sessions were revoked. */
      readonly ended: number;
    }
  | { readonly kind: 'wrong password' }
  | { readonly kind: 'broken rule'; readonly rule: PasswordRule };

/** Changes the password of a user. The current password is required, so that a stolen session is not enough (OWASP ASVS 6.2.3). */
@Injectable()
export class PasswordChangeService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly accountOperations: AccountOperationsService,
  ) {}

  /**
   * @throws {PasswordHashQueueFull}
   * @throws {TooManyRequests}
   */
  async change(request: PasswordChangeRequest): Promise<PasswordChangeResult> {
    const { accountId, kept, currentPassword, newPassword } = request;
    const sessionId = kept?.id ?? accountId;
    const account = await this.credentials.confirmPassword(
      { accountId, sessionId },
      currentPassword,
    );
    if (!account) return { kind: 'wrong password' };
    const rule = findBrokenRule(newPassword, account.email);
    if (rule !== undefined) return { kind: 'broken rule', rule };
    try {
      const change = { by: 'owner', replaces: account.passwordHash, kept } as const;
      const ended = await this.accountOperations.changePassword(account.id, newPassword, change);
      return { kind: 'changed', ended };
    } catch (error) {
      // Of two simultaneous changes, the second one fails because the first one replaced the current password.
      if (error instanceof PasswordChangeConflict) return { kind: 'wrong password' };
      throw error;
    }
  }
}
