import { randomBytes } from 'node:crypto';
import { Metrics } from '@gatehouse/service-kit';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Options } from '@node-rs/argon2';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { PasswordHashThreads } from './password-hash-threads.js';

/** Hashes and compares passwords with argon2id (RFC 9106), the library's default, and the operator's parameters. */
@Injectable()
export class PasswordHasher implements OnApplicationShutdown {
  /** Bounds the work that unauthenticated callers can cause: a flood of logins delays logins, and no other request. */
  private readonly threads = new PasswordHashThreads();
  private readonly options: Options;
  /** Every hash with these parameters begins with this text (PHC string format). */
  private readonly prefix: string;
  /** Matches no password, because its salt and hash are random. */
  private readonly dummyHash: string;

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig, metrics: Metrics) {
    const help = 'Password hashes that wait for a thread. A login is refused while 64 wait.';
    metrics.gauge({ name: 'password_hash_queue_length', help }, () => this.threads.queueLength);
    const { ARGON2_MEMORY_KIB: m, ARGON2_PASSES: t, ARGON2_LANES: p } = config;
    this.options = { memoryCost: m, timeCost: t, parallelism: p };
    this.prefix = `$argon2id$v=19$m=${m},t=${t},p=${p}$`;
    this.dummyHash = `${this.prefix}${randomBase64(16)}$${randomBase64(32)}`;
  }

  /** After the last answer. */
  onApplicationShutdown(): Promise<void> {
    return this.threads.close();
  }

  /** @throws {PasswordHashQueueFull} */
  async hash(password: string): Promise<string> {
    return String(await this.threads.run({ password, options: this.options }));
  }

  /**
   * Compares a password with a stored hash. Without a stored hash (the account does not exist) the result is `false`, after
   * the same work as for a wrong password, so that the duration does not reveal which accounts exist.
   * @throws {PasswordHashQueueFull}
   */
  async matches(password: string, stored: string | undefined): Promise<boolean> {
    const matches = await this.threads.run({ password, stored: stored ?? this.dummyHash });
    return matches === true && stored !== undefined;
  }

  /** Whether the hash was computed with other parameters than the current ones. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(this.prefix);
  }
}

/** Without padding, as in the PHC string format. */
const randomBase64 = (bytes: number): string =>
  randomBytes(bytes).toString('base64').replace(/=+$/, '');
