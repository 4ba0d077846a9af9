import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { hash, type Options, verify } from '@node-rs/argon2';
import PQueue from 'p-queue';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { RetryLaterError } from '../platform/oauth-error.js';

/** One hash occupies a core for about 10 ms, and libuv's four threads also serve files and DNS. */
const MAX_RUNNING = 2;
const MAX_WAITING = 64;

/** The queue of password hashes is full. The caller can try again after {@link retryAfter}. */
export class PasswordHashQueueFull extends RetryLaterError {
  override readonly name = 'PasswordHashQueueFull';
  /** Seconds. The server computes a full queue of hashes in less time. */
  override readonly retryAfter = 1;
}

/** Hashes and compares passwords with argon2id (RFC 9106), the library's default, and the operator's parameters. */
@Injectable()
export class PasswordHasher {
  /** Bounds the work that unauthenticated callers can cause: a flood of logins delays logins, and no other request. */
  private readonly queue = new PQueue({ concurrency: MAX_RUNNING });
  private readonly options: Options;
  /** Every hash with these parameters begins with this text (PHC string format). */
  private readonly prefix: string;
  private readonly dummyHash: Promise<string>;

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig) {
    const { ARGON2_MEMORY_KIB: m, ARGON2_PASSES: t, ARGON2_LANES: p } = config;
    this.options = { memoryCost: m, timeCost: t, parallelism: p };
    this.prefix = `$argon2id$v=19$m=${m},t=${t},p=${p}$`;
    this.dummyHash = hash(randomBytes(32), this.options);
  }

  /** @throws {PasswordHashQueueFull} */
  hash(password: string): Promise<string> {
    return this.enqueue(() => hash(password, this.options));
  }

  /**
   * Compares a password with a stored hash. Without a stored hash (the account does not exist) the result is `false`, after
   * the same work as for a wrong password, so that the duration does not reveal which accounts exist.
   * @throws {PasswordHashQueueFull}
   */
  async matches(password: string, stored: string | undefined): Promise<boolean> {
    const expected = stored ?? (await this.dummyHash);
    const matches = await this.enqueue(() => verify(expected, password));
    return matches && stored !== undefined;
  }

  /** Whether the hash was computed with other parameters than the current ones. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(this.prefix);
  }

  private async enqueue<T>(work: () => Promise<T>): Promise<T> {
    if (this.queue.size >= MAX_WAITING) {
      throw new PasswordHashQueueFull('too many password hashes are waiting');
    }
    return this.queue.add(work);
  }
}
