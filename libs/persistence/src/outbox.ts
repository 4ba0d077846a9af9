import type { TimeSource } from './held-lease.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * A table of messages that this service has to deliver. It has the columns `attempts` (integer) and `next_attempt_at` (epoch
 * milliseconds; NULL: no more attempts). All texts are constants of the program.
 */
export interface OutboxTable {
  readonly table: string;
  /** Primary key: one column of text. */
  readonly key: string;
  /** Select list of an entry, `attempts` included. */
  readonly columns: string;
  /** Longer than an attempt lasts: the entries of a process that died are due again after this time. */
  readonly claimMs: number;
  /** The pause after the first failure. Each further pause is twice as long, up to {@link maxPauseMs}. */
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
}

/** The longest pause as a multiple of the computed one. */
const MAX_SPREAD = 1.5;
/** By how much the clocks of two processes may differ. */
const CLOCK_TOLERANCE_MS = 60_000;
const NO_EXCEPTION = { column: '', values: [] };

type Values = Readonly<Record<string, string | number>>;

/**
 * Delivers messages at least once. A caller stores a message in the transaction of the change that it reports, so a message
 * is neither lost nor sent for a change that did not happen.
 */
export class Outbox<Entry extends { readonly attempts: number }> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: TimeSource,
    private readonly options: OutboxTable,
  ) {}

  /** @param other a table with the same pauses, which shares the query */
  async hasDue(other?: Outbox<Entry>): Promise<boolean> {
    const now = this.clock.now();
    const tables = [this, ...(other ? [other] : [])].map(({ options }) => options.table);
    const reads = tables.map(
      (table) => `SELECT 1 FROM ${table} WHERE next_attempt_at <= $1 OR next_attempt_at > $2`,
    );
    const due = await this.unitOfWork.query(`${reads.join(' UNION ALL ')} LIMIT 1`, [
      now,
      this.getLatestAttempt(now),
    ]);
    return due.length > 0;
  }

  /**
   * Claims due entries, oldest first, and counts the attempt. Two processes never claim the same entry: the WHERE is the lock.
   * @param except entries whose column has one of the values stay
   */
  async claimDue(
    limit: number,
    except: { readonly column: string; readonly values: readonly string[] } = NO_EXCEPTION,
  ): Promise<readonly Entry[]> {
    const { table, key, columns, claimMs } = this.options;
    const now = this.clock.now();
    const excepted = except.values.map((_, index) => `$${index + 5}`).join();
    const condition = excepted && `AND ${except.column} NOT IN (${excepted})`;
    const { rows } = await this.unitOfWork.execute<Entry>(
      `UPDATE ${table} SET attempts = attempts + 1, next_attempt_at = $2
       WHERE (next_attempt_at <= $1 OR next_attempt_at > $4) AND ${key} IN (
         SELECT ${key} FROM ${table} WHERE (next_attempt_at <= $1 OR next_attempt_at > $4) ${condition}
         ORDER BY next_attempt_at LIMIT $3)
       RETURNING ${columns}`,
      [now, now + claimMs, limit, this.getLatestAttempt(now), ...except.values],
    );
    return rows;
  }

  async delete(key: string): Promise<void> {
    const { table, key: column } = this.options;
    await this.unitOfWork.execute(`DELETE FROM ${table} WHERE ${column} = $1`, [key]);
  }

  /** The entry stays and is never due again. @param values further columns to set */
  async close(key: string, values: Values): Promise<void> {
    const { table, key: column } = this.options;
    const changes = Object.keys(values).map((name, index) => `, ${name} = $${index + 2}`);
    await this.unitOfWork.execute(
      `UPDATE ${table} SET next_attempt_at = NULL${changes.join('')} WHERE ${column} = $1`,
      [key, ...Object.values(values)],
    );
  }

  /** @param attempts how many attempts have failed */
  async retryLater(key: string, attempts: number): Promise<void> {
    const { table, key: column } = this.options;
    await this.unitOfWork.execute(
      `UPDATE ${table} SET next_attempt_at = $2 WHERE ${column} = $1 AND next_attempt_at IS NOT NULL`,
      [key, this.clock.now() + this.computePauseMs(attempts)],
    );
  }

  /** An entry that is due later was stored before a clock was set back, and is due now. */
  private getLatestAttempt(now: number): number {
    const { claimMs, maxPauseMs } = this.options;
    return now + Math.max(claimMs, maxPauseMs * MAX_SPREAD) + CLOCK_TOLERANCE_MS;
  }

  /** Up to half as long again, at random, so that entries and replicas do not retry at the same time. */
  private computePauseMs(attempts: number): number {
    const { minPauseMs, maxPauseMs } = this.options;
    const pauseMs = Math.min(maxPauseMs, minPauseMs * 2 ** (attempts - 1));
    return Math.round(pauseMs * (1 + Math.random() * (MAX_SPREAD - 1)));
  }
}
