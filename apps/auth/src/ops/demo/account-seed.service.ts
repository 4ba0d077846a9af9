import { Injectable } from '@nestjs/common';
import { AccountRepository } from '../../accounts/account.repository.js';
import { PasswordHasher } from '../../accounts/password-hasher.js';
import type { StoredClaims } from '../../tokens/standard-claims.js';

interface AccountSeed {
  readonly email: string;
  readonly password: string;
  readonly claims: StoredClaims;
}

/** Creates the accounts of a seed. An existing account stays as it is, because its owner may have changed it. */
@Injectable()
export class AccountSeedService {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly passwords: PasswordHasher,
  ) {}

  /** @returns the id of the new account; undefined if the account exists */
  async createIfMissing({ email, password, claims }: AccountSeed): Promise<string | undefined> {
    if (await this.accounts.findByEmail(email)) return undefined;
    const id = await this.accounts.create(email, await this.passwords.hash(password));
    if (id !== undefined) await this.accounts.setClaims(id, claims);
    return id;
  }
}
