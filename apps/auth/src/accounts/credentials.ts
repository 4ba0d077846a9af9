import { Injectable } from '@nestjs/common';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { SecurityEvents } from '../security-events/security-events.js';
import type { Account } from './account.entity.js';
import { Accounts } from './accounts.js';
import { PasswordHasher } from './password-hasher.js';

/** E-mail (lower case) and password, as typed. */
export interface Credential {
  readonly email: string;
  readonly password: string;
}

/** A person proves who they are. */
@Injectable()
export class Credentials {
  constructor(
    private readonly accounts: Accounts,
    private readonly passwords: PasswordHasher,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Says the same whether the e-mail was free or taken, after the same work: registration must not tell who has an
   * account. The account that exists stays as it is.
   * @throws {TooBusy}
   */
  async register({ email, password }: Credential): Promise<void> {
    const accountId = await this.accounts.create(email, await this.passwords.hash(password));
    if (accountId) await this.events.record({ type: 'account.registered', accountId });
    else await this.events.record({ type: 'account.registration_repeated' });
  }

  /**
   * Unknown e-mail, wrong password, disabled account: one path, one answer, one time.
   * @throws {OAuthError} `invalid_grant`
   * @throws {TooBusy}
   */
  async verify({ email, password }: Credential): Promise<Account> {
    const account = await this.accounts.findByEmail(email);
    const matches = await this.passwords.matches(password, account?.passwordHash);
    if (!account) return this.refuse('unknown_account');
    if (!matches) return this.refuse('wrong_password');
    if (account.disabledAt) return this.refuse('disabled_account');
    return account;
  }

  /**
   * Whether the person behind a session knows the password. A failure is reported like one of a login.
   * @returns the account as it was then, unless the password is wrong or the account gone
   * @throws {TooBusy}
   */
  async confirm(accountId: string, password: string): Promise<Account | undefined> {
    const account = await this.accounts.find(accountId);
    const matches = await this.passwords.matches(password, account?.passwordHash);
    if (account && matches) return account;
    await this.events.record({ type: 'login.failed', reason: 'wrong_password' });
    return undefined;
  }

  /** @throws {OAuthError} `invalid_grant`, always */
  async refuse(reason: 'unknown_account' | 'wrong_password' | 'disabled_account'): Promise<never> {
    await this.events.record({ type: 'login.failed', reason });
    throw OAuthError.invalidCredentials(reason);
  }
}
