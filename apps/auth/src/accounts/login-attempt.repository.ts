import {
  CleanupJob,
  createIndexedCleanup,
  type SqlStatement,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/** How a count of failures decays: by one after each `decayMs` milliseconds, from at most `maxFailures`. */
export interface DecayWindow {
  readonly decayMs: number;
  readonly maxFailures: number;
}

/** The failed attempts under one key. Instants are epoch milliseconds. */
export interface FailureCount {
  /** When the count reaches zero; see {@link countFailures} in login-throttle.service.ts. */
  readonly forgottenAt: number;
  /** The next attempt is refused before this instant. */
  readonly waitsUntil: number;
}

export const NO_FAILURES: FailureCount = { forgottenAt: 0, waitsUntil: 0 };

/** A count that reaches zero by `forgottenBy`. */
export interface FailureBound {
  readonly key: string;
  readonly forgottenBy: number;
}

/** Failure counts that reached zero. No delay is longer than `retentionSeconds`. */
const EXPIRED_LOGIN_ATTEMPTS = {
  table: 'login_attempt',
  key: 'key',
  condition: 'forgotten_at < $1',
  orderedBy: 'forgotten_at',
  retentionSeconds: 900,
};

/** All SQL of table `login_attempt`: counts of failed logins, shared by all replicas. */
@Injectable()
export class LoginAttemptRepository implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cleanup: CleanupJob,
  ) {}

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_LOGIN_ATTEMPTS));
  }

  async find(...keys: readonly [string, string]): Promise<readonly [FailureCount, FailureCount]> {
    const rows = await this.unitOfWork.query<FailureCount & { key: string }>(
      `SELECT key, forgotten_at AS "forgottenAt", waits_until AS "waitsUntil" FROM login_attempt WHERE key IN ($1, $2)`,
      keys,
    );
    const [first, second] = keys.map((key) => rows.find((row) => row.key === key) ?? NO_FAILURES);
    return [first ?? NO_FAILURES, second ?? NO_FAILURES];
  }

  /**
   * Counts the first failure under `key`, unless the count under `other` reaches zero later than given.
   * @returns whether it counted; of concurrent calls exactly one does
   */
  async insertFirst(key: string, forgottenAt: number, other: FailureBound): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `INSERT INTO login_attempt (key, forgotten_at, waits_until)
       SELECT $1, CAST($2 AS bigint), 0
       WHERE NOT EXISTS (SELECT 1 FROM login_attempt WHERE key = $3 AND forgotten_at > $4)
       ON CONFLICT (key) DO NOTHING`,
      [key, forgottenAt, other.key, other.forgottenBy],
    );
    return affected === 1;
  }

  /** @returns whether the row still held `before`; of concurrent calls with the same `before` exactly one succeeds */
  async replace(key: string, before: FailureCount, after: FailureCount): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `INSERT INTO login_attempt (key, forgotten_at, waits_until) VALUES ($1, $2, $3)
       ON CONFLICT (key) DO UPDATE SET forgotten_at = excluded.forgotten_at, waits_until = excluded.waits_until
       WHERE login_attempt.forgotten_at = $4 AND login_attempt.waits_until = $5`,
      [key, after.forgottenAt, after.waitsUntil, before.forgottenAt, before.waitsUntil],
    );
    return affected === 1;
  }

  /** Reverts {@link replace}, unless another attempt changed the row since. */
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
    const { sql, parameters } = this.buildDelete(key);
    await this.unitOfWork.execute(sql, parameters);
  }

  buildDelete(key: string): SqlStatement {
    return { sql: 'DELETE FROM login_attempt WHERE key = $1', parameters: [key] };
  }

  /** Atomically increments the failure count, up to the window's maximum. */
  async increment(key: string, now: number, { decayMs, maxFailures }: DecayWindow): Promise<void> {
    const [afterOne, afterMax] = [now + decayMs, now + maxFailures * decayMs];
    await this.unitOfWork.execute(
      `INSERT INTO login_attempt (key, forgotten_at, waits_until) VALUES ($1, $2, 0)
       ON CONFLICT (key) DO UPDATE SET forgotten_at = CASE
         WHEN login_attempt.forgotten_at <= $3 THEN excluded.forgotten_at
         WHEN login_attempt.forgotten_at > $4 THEN $5
         ELSE login_attempt.forgotten_at + $6 END`,
      [key, afterOne, now, afterMax - decayMs, afterMax, decayMs],
    );
  }
}
