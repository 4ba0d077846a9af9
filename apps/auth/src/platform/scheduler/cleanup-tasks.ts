import type { UnitOfWork } from '@gatehouse/persistence';

/** What a step did. */
export interface CleanupStep {
  readonly removed: number;
  /** Whether the turn may go on with the next one: there is nothing more to be found now. */
  readonly isDone: boolean;
}

/** One kind of thing that nobody needs any more, and how it is removed a little at a time. */
export interface CleanupTask {
  readonly name: string;
  /**
   * Safe at any time, by any number of processes at once: whatever is needed stays.
   *
   * @param now milliseconds since the epoch
   */
  removeBatch(now: number): Promise<CleanupStep>;
}

/** Rows that nobody needs from some time on. All texts are constants of the program. */
export interface ExpiredRows {
  readonly table: string;
  /** Primary key: one column of text. */
  readonly key: string;
  /** A condition on the row alone; `$1` is {@link afterSeconds} ago, in milliseconds since the epoch. */
  readonly dead: string;
  readonly afterSeconds: number;
}

/** Rows that one statement removes, or looks at: few enough that a refresh does not notice. */
export const CLEANUP_BATCH_SIZE = 1_000;

/**
 * The oldest dead rows first, by an index on the instant that makes them dead.
 *
 * @param rows `indexed` is a column of which `dead` says that it is below `$1`
 */
export function createIndexedCleanup(
  unitOfWork: UnitOfWork,
  rows: ExpiredRows & { readonly indexed: string },
): CleanupTask {
  const sql = buildIndexedDelete(rows, unitOfWork.isPostgres);
  return {
    name: `${rows.table} by ${rows.indexed}`,
    async removeBatch(now) {
      const { affected: removed } = await unitOfWork.execute(sql, [now - rows.afterSeconds * 1000]);
      return { removed, isDone: removed < CLEANUP_BATCH_SIZE };
    },
  };
}

/**
 * The condition stands twice: a row that changed since it was chosen stays. Rows that a neighbour has in hand are left to
 * it, so that two at once neither wait nor deadlock; SQLite has one writer.
 */
export function buildIndexedDelete(
  { table, key, dead, indexed }: ExpiredRows & { readonly indexed: string },
  isPostgres: boolean,
): string {
  const skipping = isPostgres ? 'FOR UPDATE SKIP LOCKED' : '';
  return `DELETE FROM ${table} WHERE ${key} IN (
    SELECT ${key} FROM ${table} WHERE ${dead} ORDER BY ${indexed} LIMIT ${CLEANUP_BATCH_SIZE} ${skipping}
  ) AND ${dead}`;
}

/**
 * For conditions that no index serves: goes through the table by its primary key, so many rows a step, and goes on where
 * it left off. A column that changes often is better without an index: PostgreSQL then rewrites the row and nothing else.
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
      const values = [now - rows.afterSeconds * 1000, cursor, last];
      const { affected: removed } = await unitOfWork.execute(deletion, values);
      const isDone = Number(found?.rows ?? 0) < CLEANUP_BATCH_SIZE;
      cursor = isDone ? '' : last;
      return { removed, isDone };
    },
  };
}

/** As with `deletionByIndex`, the condition stands twice and rows in a neighbour's hand are left to it. */
export function buildKeyRangeStatements({ table, key, dead }: ExpiredRows, isPostgres: boolean) {
  const skipping = isPostgres ? 'FOR UPDATE SKIP LOCKED' : '';
  return {
    stretch: `SELECT count(*) AS rows, max(${key}) AS last FROM (
      SELECT ${key} FROM ${table} WHERE ${key} > $1 ORDER BY ${key} LIMIT ${CLEANUP_BATCH_SIZE}) AS stretch`,
    deletion: `DELETE FROM ${table} WHERE ${key} IN (
      SELECT ${key} FROM ${table} WHERE ${key} > $2 AND ${key} <= $3 AND ${dead} ${skipping}
    ) AND ${dead}`,
  };
}
