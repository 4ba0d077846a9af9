import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { hash, type Options, verify } from '@node-rs/argon2';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { HashQueue } from './hash-queue.js';

/** argon2id (RFC 9106), the library's default, with the parameters that the operator chose. */
@Injectable()
export class PasswordHasher {
  private readonly queue = new HashQueue();
  private readonly options: Options;
  /** How a hash by these parameters begins, in PHC string format. */
  private readonly prefix: string;
  private readonly nobody: Promise<string>;

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig) {
    const { ARGON2_MEMORY_KIB: m, ARGON2_PASSES: t, ARGON2_LANES: p } = config;
    this.options = { memoryCost: m, timeCost: t, parallelism: p };
    this.prefix = `$argon2id$v=19$m=${m},t=${t},p=${p}$`;
    this.nobody = hash(randomBytes(32), this.options);
  }

  /** @throws {TooBusy} when too many hashes wait already */
  hash(password: string): Promise<string> {
    return this.queue.run(() => hash(password, this.options));
  }

  /**
   * Without a stored hash (there is no such account) the answer is `false`, after the same work as for a wrong
   * password, so that time does not tell the two apart.
   * @throws {TooBusy} when too many hashes wait already
   */
  async matches(password: string, stored: string | undefined): Promise<boolean> {
    const expected = stored ?? (await this.nobody);
    const matches = await this.queue.run(() => verify(expected, password));
    return matches && stored !== undefined;
  }

  /** Whether it was made with other parameters than those of today. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(this.prefix);
  }
}
