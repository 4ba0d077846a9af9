import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import type { StoredClaims } from '../accounts/standard-claims.js';

interface SeededAccount {
  readonly email: string;
  readonly password: string;
  readonly claims: StoredClaims;
}

/** Accounts that a seed needs. One that is there stays as it is: somebody may have changed it. */
@Injectable()
export class SeededAccounts {
  constructor(
    private readonly accounts: Accounts,
    private readonly passwords: PasswordHasher,
  ) {}

  async make({ email, password, claims }: SeededAccount): Promise<void> {
    if (await this.accounts.findByEmail(email)) return;
    const id = await this.accounts.create(email, await this.passwords.hash(password));
    if (id !== undefined) await this.accounts.setClaims(id, claims);
  }
}
