import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Injectable } from '@nestjs/common';
import { AccountRepository } from '../../accounts/account.repository.js';
import { PasswordHasher } from '../../accounts/password-hasher.js';
import { generateClientSecret } from '../../clients/registered-credentials.js';
import type { StoredClaims } from '../../tokens/standard-claims.js';

/**
 * The credentials of a seed, by name. They are generated at the first start and kept in a file that a shell can source, so that
 * the code contains no secret.
 */
export class CredentialsFile {
  private isSaved = true;

  private constructor(
    private readonly file: string,
    private readonly values: Map<string, string>,
  ) {}

  static async open(file: string): Promise<CredentialsFile> {
    const values = await readFile(file, 'utf8').then(
      parseCredentials,
      () => new Map<string, string>(),
    );
    return new CredentialsFile(file, values);
  }

  /** Returns the value of this name, and creates it if it does not exist. */
  getOrCreate(name: string, create: () => string = generateClientSecret): string {
    const existing = this.values.get(name);
    if (existing !== undefined) return existing;
    const created = create();
    this.values.set(name, created);
    this.isSaved = false;
    return created;
  }

  /** Writes the file if a value was created. */
  async save(): Promise<void> {
    if (this.isSaved) return;
    await mkdir(dirname(this.file), { recursive: true });
    const lines = [...this.values].map(([name, value]) => `${name}=${value}\n`);
    await writeFile(this.file, lines.join(''), { mode: 0o600 });
    this.isSaved = true;
  }
}

function parseCredentials(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes('='));
  return new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')];
    }),
  );
}

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
