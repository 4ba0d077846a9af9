import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, type Options, verify } from '@node-rs/argon2';
import { HashQueue } from './hash-queue.js';

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. argon2id is the library's default. */
const PARAMETERS: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

@Injectable()
export class PasswordHasher {
  private readonly queue = new HashQueue();
  private readonly nobody = hash(randomBytes(32), PARAMETERS);

  /** @throws {TooBusy} when too many hashes wait already */
  hash(password: string): Promise<string> {
    return this.queue.run(() => hash(password, PARAMETERS));
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
}
