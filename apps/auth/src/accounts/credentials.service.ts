import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { OAuthError } from '../platform/oauth-error.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { type AttemptOrigin, LoginThrottleService } from './login-throttle.service.js';
import { Account } from './account.entity.js';
import { AccountRepository } from './account.repository.js';
import { PasswordHasher, PasswordHashQueueFull } from './password-hasher.js';

/** E-mail (lower case) and password, as typed. */
export interface Credential {
  readonly email: string;
  readonly password: string;
}

type LoginFailureReason = 'unknown_account' | 'wrong_password' | 'disabled_account';
type CredentialCheck =
  | { readonly isGood: true; readonly account: Account }
  | { readonly isGood: false; readonly reason: LoginFailureReason };

/** A person proves who they are. */
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
   * Says the same whether the e-mail was free or taken, after the same work: registration must not tell who has an
   * account. The account that exists stays as it is.
   * @throws {PasswordHashQueueFull}
   */
  async register({ email, password }: Credential): Promise<void> {
    const passwordHash = await this.passwords.hash(password);
    await this.unitOfWork.transaction(async () => {
      const accountId = await this.accounts.create(email, passwordHash);
      if (accountId) await this.events.record({ type: 'account.registered', accountId });
      else await this.events.record({ type: 'account.registration_repeated' });
    });
  }

  /**
   * Unknown e-mail, wrong password, disabled account: one path, one answer, one time.
   * @throws {OAuthError} `invalid_grant`
   * @throws {PasswordHashQueueFull}
   * @throws {TooManyRequests}
   */
  async verify(credential: Credential, from: AttemptOrigin): Promise<Account> {
    const prove = () => this.checkCredential(credential);
    const proof = await this.throttle.throttleLogin(credential.email, from, prove);
    if (!proof.isGood) return this.rejectLogin(proof.reason);
    return this.rehashIfOutdated(proof.account, credential.password);
  }

  /**
   * Whether the person behind a session knows the password. A failure is reported like one of a login.
   * @returns the account as it was then, unless the password is wrong or the account gone
   * @throws {PasswordHashQueueFull}
   * @throws {TooManyRequests}
   */
  async confirmPassword(
    { accountId, sessionId }: { readonly accountId: string; readonly sessionId: string },
    password: string,
  ): Promise<Account | undefined> {
    const proof = await this.throttle.throttleConfirmation(accountId, sessionId, async () =>
      this.checkPassword(await this.accounts.find(accountId), password),
    );
    if (proof.isGood) return proof.account;
    await this.events.record({ type: 'login.failed', reason: proof.reason });
    return undefined;
  }

  /** @throws {OAuthError} `invalid_grant`, always */
  async rejectLogin(reason: LoginFailureReason): Promise<never> {
    await this.events.record({ type: 'login.failed', reason });
    throw OAuthError.invalidCredentials(reason);
  }

  private async checkCredential({ email, password }: Credential): Promise<CredentialCheck> {
    return this.checkPassword(await this.accounts.findByEmail(email), password);
  }

  private async checkPassword(account: Account | null, password: string): Promise<CredentialCheck> {
    const matches = await this.passwords.matches(password, account?.passwordHash);
    if (!account) return { isGood: false, reason: 'unknown_account' };
    if (!matches) return { isGood: false, reason: 'wrong_password' };
    if (account.disabledAt) return { isGood: false, reason: 'disabled_account' };
    return { isGood: true, account };
  }

  /**
   * What was hashed with other parameters is hashed anew while the password is at hand. Where the stored hash is another one
   * by then, either a login beside this one did the same, or the password was changed.
   */
  private async rehashIfOutdated(account: Account, password: string): Promise<Account> {
    if (!this.passwords.isOutdated(account.passwordHash)) return account;
    const passwordHash = await this.passwords.hash(password).catch(ignoreQueueFull);
    // The login is good; the next one may do it.
    if (passwordHash === undefined) return account;
    if (await this.accounts.replacePasswordHash(account, passwordHash)) {
      return Object.assign(new Account(), account, { passwordHash });
    }
    const proof = await this.checkPassword(await this.accounts.find(account.id), password);
    return proof.isGood ? proof.account : this.rejectLogin(proof.reason);
  }
}

function ignoreQueueFull(error: unknown): undefined {
  if (!(error instanceof PasswordHashQueueFull)) throw error;
}
