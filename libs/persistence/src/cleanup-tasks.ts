import type { UnitOfWork } from './unit-of-work.js';

export interface CleanupStep {
  readonly removed: number;
  /** Whether the task finds no more rows now. */
  readonly isDone: boolean;
}

/** Deletes one kind of expired row. */
export interface CleanupTask {
  readonly name: string;
  /**
   * Deletes one batch. It is safe at any time and in several processes at once, because it deletes expired rows only.
   *
   * @param now milliseconds since the epoch
   */
  removeBatch(now: number): Promise<CleanupStep>;
  /** A read: whether {@link removeBatch} would find rows. */
  hasExpiredRows?(now: number): Promise<boolean>;
}

/** Rows that expire. All texts are constants of the program. */
export interface ExpiredRows {
  readonly table: string;
  /** Primary key. {@link createIndexedCleanup} accepts several columns, separated by commas; the other one needs one text column. */
  readonly key: string;
  /** A condition on the row alone; `$1` is {@link retentionSeconds} ago, in milliseconds since the epoch. */
  readonly condition: string;
  /** How long a row stays after it expired. */
  readonly retentionSeconds: number;
}

/** Rows that one statement deletes or reads: few enough that a refresh request is not slower. */
export const CLEANUP_BATCH_SIZE = 1_000;

/**
 * Deletes the oldest expired rows first, by an index on the time of their expiry.
 *
 * @param rows `orderedBy` is the column that `condition` compares with `$1`
 */
export function createIndexedCleanup(
  unitOfWork: UnitOfWork,
  rows: ExpiredRows & { readonly orderedBy: string },
): CleanupTask {
  const sql = buildIndexedDelete(rows, unitOfWork.isPostgres);
  const toBoundary = (now: number) => now - rows.retentionSeconds * 1000;
  return {
    name: `${rows.table} by ${rows.orderedBy}`,
    async removeBatch(now) {
      const { affected: removed } = await unitOfWork.executeUnnoticed(sql, [toBoundary(now)]);
      return { removed, isDone: removed < CLEANUP_BATCH_SIZE };
    },
    async hasExpiredRows(now) {
      const expired = await unitOfWork.query(
        `SELECT 1 FROM ${rows.table} WHERE ${rows.condition} LIMIT 1`,
        [toBoundary(now)],
      );
      return expired.length > 0;
    },
  };
}

/**
 * The condition occurs twice, so a row that changed after it was selected stays. Rows that another process has locked are
 * skipped, so that two processes neither wait nor deadlock. SQLite has one writer and needs no lock.
 */
export function buildIndexedDelete(
  { table, key, condition, orderedBy }: ExpiredRows & { readonly orderedBy: string },
  isPostgres: boolean,
): string {
  return `DELETE FROM ${table} WHERE (${key}) IN (
    SELECT ${key} FROM ${table} WHERE ${condition} ORDER BY ${orderedBy} LIMIT ${CLEANUP_BATCH_SIZE} ${lockRows(isPostgres)}
  ) AND ${condition}`;
}

/**
 * For conditions without an index: reads the table in ranges of its primary key and continues at the last key. A column that
 * changes often has no index because PostgreSQL then updates the row without new index entries (HOT).
 */
export function createKeyRangeCleanup(unitOfWork: UnitOfWork, rows: ExpiredRows): CleanupTask {
  const { stretch, deletion } = buildKeyRangeStatements(rows, unitOfWork.isPostgres);
  let cursor = '';
  return {
    name: `${rows.table} by ${rows.key}`,
    async removeBatch(now) {
      const [found] = await unitOfWork.query<{ rows: number; last: string | null }>(stretch, [
        cursor,
      ]);
      const last = found?.last ?? cursor;
      const values = [now - rows.retentionSeconds * 1000, cursor, last];
      const { affected: removed } = await unitOfWork.executeUnnoticed(deletion, values);
      const isDone = Number(found?.rows ?? 0) < CLEANUP_BATCH_SIZE;
      cursor = isDone ? '' : last;
      return { removed, isDone };
    },
  };
}

/** As in {@link buildIndexedDelete}, the condition occurs twice and locked rows are skipped. */
export function buildKeyRangeStatements(
  { table, key, condition }: ExpiredRows,
  isPostgres: boolean,
) {
  return {
    stretch: `SELECT count(*) AS rows, max(${key}) AS last FROM (
      SELECT ${key} FROM ${table} WHERE ${key} > $1 ORDER BY ${key} LIMIT ${CLEANUP_BATCH_SIZE}) AS stretch`,
    deletion: `DELETE FROM ${table} WHERE ${key} IN (
      SELECT ${key} FROM ${table} WHERE ${key} > $2 AND ${key} <= $3 AND ${condition} ${lockRows(isPostgres)}
    ) AND ${condition}`,
  };
}

const lockRows = (isPostgres: boolean): string => (isPostgres ? 'FOR UPDATE SKIP LOCKED' : '');
