import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { hash, type Options, verify } from '@node-rs/argon2';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { RetryLaterError } from '../platform/too-many-requests.js';

/** One hash keeps a core busy for some 10 ms, and libuv's four threads serve files and DNS as well. */
const MAX_RUNNING = 2;
const MAX_WAITING = 64;

/** The queue of password hashes is full; the caller may try again in a second. */
export class PasswordHashQueueFull extends RetryLaterError {
  override readonly name = 'PasswordHashQueueFull';
  /** Seconds: a full queue is worked off in that time. */
  override readonly retryAfter = 1;
}

/** Bounds the work that strangers can cause with passwords: a flood slows logins, and nothing else. */
export class PasswordHashQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @throws {PasswordHashQueueFull} */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < MAX_RUNNING) this.running += 1;
    else await this.waitForSlot();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  private waitForSlot(): Promise<void> {
    if (this.waiting.length >= MAX_WAITING)
      throw new PasswordHashQueueFull('too many password hashes are waiting');
    return new Promise((start) => this.waiting.push(start));
  }
}

/** argon2id (RFC 9106), the library's default, with the parameters that the operator chose. */
@Injectable()
export class PasswordHasher {
  private readonly queue = new PasswordHashQueue();
  private readonly options: Options;
  /** How a hash by these parameters begins, in PHC string format. */
  private readonly prefix: string;
  private readonly dummyHash: Promise<string>;

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig) {
    const { ARGON2_MEMORY_KIB: m, ARGON2_PASSES: t, ARGON2_LANES: p } = config;
    this.options = { memoryCost: m, timeCost: t, parallelism: p };
    this.prefix = `$argon2id$v=19$m=${m},t=${t},p=${p}$`;
    this.dummyHash = hash(randomBytes(32), this.options);
  }

  /** @throws {PasswordHashQueueFull} when too many hashes wait already */
  hash(password: string): Promise<string> {
    return this.queue.run(() => hash(password, this.options));
  }

  /**
   * Without a stored hash (there is no such account) the answer is `false`, after the same work as for a wrong
   * password, so that time does not tell the two apart.
   * @throws {PasswordHashQueueFull} when too many hashes wait already
   */
  async matches(password: string, stored: string | undefined): Promise<boolean> {
    const expected = stored ?? (await this.dummyHash);
    const matches = await this.queue.run(() => verify(expected, password));
    return matches && stored !== undefined;
  }

  /** Whether it was made with other parameters than those of today. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(this.prefix);
  }
}
