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
    if (accountId) this.events.emit({ type: 'account.registered', accountId });
    else this.events.emit({ type: 'account.registration_repeated' });
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

  private refuse(reason: 'unknown_account' | 'wrong_password' | 'disabled_account'): never {
    this.events.emit({ type: 'login.failed', reason });
    throw OAuthError.invalidCredentials(reason);
  }
}
