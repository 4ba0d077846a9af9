import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { DecayWindow } from './login-delay.js';

/** What is known of attempts with one key. Instants are epoch milliseconds. */
export interface FailureCount {
  /** See `countAt`. */
  readonly forgottenAt: number;
  readonly waitsUntil: number;
}

const NO_FAILURES: FailureCount = { forgottenAt: 0, waitsUntil: 0 };

/** Counts of failed logins, shared by all replicas. */
@Injectable()
export class LoginAttemptRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async find(key: string): Promise<FailureCount> {
    const [row] = await this.unitOfWork.query<{ forgotten_at: number; waits_until: number }>(
      'SELECT forgotten_at, waits_until FROM login_attempt WHERE key = $1',
      [key],
    );
    return row ? { forgottenAt: row.forgotten_at, waitsUntil: row.waits_until } : NO_FAILURES;
  }

  /** @returns whether it did: of two at once exactly one does */
  async replace(key: string, before: FailureCount, after: FailureCount): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `INSERT INTO login_attempt (key, forgotten_at, waits_until) VALUES ($1, $2, $3)
       ON CONFLICT (key) DO UPDATE SET forgotten_at = excluded.forgotten_at, waits_until = excluded.waits_until
       WHERE login_attempt.forgotten_at = $4 AND login_attempt.waits_until = $5`,
      [key, after.forgottenAt, after.waitsUntil, before.forgottenAt, before.waitsUntil],
    );
    return affected === 1;
  }

  /** Takes back what {@link replace} did, unless somebody came between. */
  async revertReplace(key: string, before: FailureCount, after: FailureCount): Promise<void> {
    if (before !== NO_FAILURES) await this.replace(key, after, before);
    else {
      await this.unitOfWork.execute(
        'DELETE FROM login_attempt WHERE key = $1 AND forgotten_at = $2 AND waits_until = $3',
        [key, after.forgottenAt, after.waitsUntil],
      );
    }
  }

  async delete(key: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM login_attempt WHERE key = $1', [key]);
  }

  /**
   * One more, whatever the others do meanwhile.
   * @param fading how long until one is forgotten, and how many are remembered at most
   */
  async increment(
    key: string,
    now: number,
    { decayMs: forgets, maxFailures: highest }: DecayWindow,
  ): Promise<void> {
    const [one, all] = [now + forgets, now + highest * forgets];
    await this.unitOfWork.execute(
      `INSERT INTO login_attempt (key, forgotten_at, waits_until) VALUES ($1, $2, 0)
       ON CONFLICT (key) DO UPDATE SET forgotten_at = CASE
         WHEN login_attempt.forgotten_at <= $3 THEN excluded.forgotten_at
         WHEN login_attempt.forgotten_at > $4 THEN $5
         ELSE login_attempt.forgotten_at + $6 END`,
      [key, one, now, all - forgets, all, forgets],
    );
  }
}
