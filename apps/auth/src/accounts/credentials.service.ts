import { type SqlStatement, UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { OAuthError } from '../platform/oauth-error.js';
import type { LoginFailureReason } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { Account } from './account.entity.js';
import { AccountRepository, type AuthenticatedAccount } from './account.repository.js';
import { email } from './email-address.js';
import type { AttemptOrigin } from './known-device-cookie.js';
import { LoginThrottleService } from './login-throttle.service.js';
import { PasswordHashQueueFull } from './password-hash-threads.js';
import { PasswordHasher } from './password-hasher.js';
import { findPasswordFault } from './password-policy.js';

/** An acceptable password for every account; {@link registration} also compares it with the owner's e-mail. */
export const newPassword = z.string().superRefine((password, context) => {
  const message = findPasswordFault(password);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

export const registration = z
  .object({
    email,
    password: newPassword,
    invitation: z
      .string()
      .max(100)
      .optional()
      .describe('The code of an invitation, if registration requires one'),
  })
  .superRefine((request, context) => {
    const message = findPasswordFault(request.password, request.email);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['password'], message });
  });
export type Registration = z.infer<typeof registration>;

/** E-mail in its normal form, and password as typed. */
export interface Credential {
  readonly email: string;
  readonly password: string;
}

type CredentialCheck =
  | { readonly isValid: true; readonly account: Account }
  | { readonly isValid: false; readonly reason: LoginFailureReason };

/** Verifies passwords. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly passwords: PasswordHasher,
    private readonly throttle: LoginThrottleService,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEventService,
  ) {}

  /**
   * Verifies e-mail and password. An unknown e-mail, a wrong password and a disabled account take the same path and the same
   * time, and throw the same public error.
   * @param create creates a session for the account; it resolves with undefined if the account was disabled, its password
   *   changed, or a role revoked, since the server computed the hash
   * @throws {OAuthError} `invalid_grant`
   * @throws {PasswordHashQueueFull}
   * @throws {TooManyRequests}
   */
  async verify<T>(
    credential: Credential,
    origin: AttemptOrigin,
    create: (account: AuthenticatedAccount) => Promise<T | undefined>,
  ): Promise<T> {
    const check = () => this.checkCredential(credential);
    const attempt = await this.throttle.throttleLogin(credential.email, origin, check);
    const { result, removal: attemptRemoval } = attempt;
    if (!result.isValid) return this.rejectLogin(result.reason);
    try {
      const account = await this.rehashIfOutdated(result.account, credential.password);
      const created = await create({ ...account, attemptRemoval });
      return created ?? (await this.rejectLogin('wrong_password'));
    } catch (error) {
      // The password is correct, so the attempt does not count, although the session was not created.
      await this.removeAttempt(attemptRemoval);
      throw error;
    }
  }

  /**
   * Verifies the password of a user who has a session. A failure is recorded like a failed login.
   * @returns the account as it was at the comparison; `undefined` if the password is wrong, or the account is gone or disabled
   * @throws {PasswordHashQueueFull}
   * @throws {TooManyRequests}
   */
  async confirmPassword(
    { accountId, sessionId }: { readonly accountId: string; readonly sessionId: string },
    password: string,
  ): Promise<Account | undefined> {
    const { result, removal } = await this.throttle.throttleConfirmation(
      accountId,
      sessionId,
      async () => this.checkPassword(await this.accounts.find(accountId), password),
    );
    await this.removeAttempt(removal);
    if (result.isValid) return result.account;
    await this.events.record({ type: 'login.failed', reason: result.reason });
    return undefined;
  }

  private async removeAttempt(removal: SqlStatement | undefined): Promise<void> {
    if (removal) await this.unitOfWork.execute(removal.sql, removal.parameters);
  }

  /** @throws {OAuthError} `invalid_grant`, always */
  private async rejectLogin(reason: LoginFailureReason): Promise<never> {
    await this.events.record({ type: 'login.failed', reason });
    throw OAuthError.invalidCredentials(reason);
  }

  private async checkCredential({ email, password }: Credential): Promise<CredentialCheck> {
    return this.checkPassword(await this.accounts.findByEmail(email), password);
  }

  private async checkPassword(account: Account | null, password: string): Promise<CredentialCheck> {
    const matches = await this.passwords.matches(password, account?.passwordHash);
    if (!account) return { isValid: false, reason: 'unknown_account' };
    if (!matches) return { isValid: false, reason: 'wrong_password' };
    if (account.disabledAt) return { isValid: false, reason: 'disabled_account' };
    return { isValid: true, account };
  }

  /**
   * Replaces a hash with outdated parameters, because only a login has the password in clear text. If the stored hash changed
   * meanwhile, a concurrent login replaced it or the password was changed; then the password is checked again.
   */
  private async rehashIfOutdated(account: Account, password: string): Promise<Account> {
    if (!this.passwords.isOutdated(account.passwordHash)) return account;
    const passwordHash = await this.passwords.hash(password).catch(ignoreQueueFull);
    // The password is correct, so the login succeeds; a later login can replace the hash.
    if (passwordHash === undefined) return account;
    if (await this.accounts.replacePasswordHash(account, passwordHash)) {
      return Object.assign(new Account(), account, { passwordHash });
    }
    const result = await this.checkPassword(await this.accounts.find(account.id), password);
    return result.isValid ? result.account : this.rejectLogin(result.reason);
  }
}

function ignoreQueueFull(error: unknown): undefined {
  if (!(error instanceof PasswordHashQueueFull)) throw error;
}
