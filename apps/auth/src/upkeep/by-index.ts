import type { UnitOfWork } from '@gatehouse/persistence';
import { type Clearance, type DeadRows, STEP_ROWS } from './clearance.js';

/**
 * The oldest dead rows first, by an index on the instant that makes them dead.
 *
 * @param rows `indexed` is a column of which `dead` says that it is below `$1`
 */
export function byIndex(
  unitOfWork: UnitOfWork,
  rows: DeadRows & { readonly indexed: string },
): Clearance {
  const sql = deletionByIndex(rows, unitOfWork.isPostgres);
  return {
    name: `${rows.table} by ${rows.indexed}`,
    async step(now) {
      const { affected: removed } = await unitOfWork.execute(sql, [now - rows.afterSeconds * 1000]);
      return { removed, isDone: removed < STEP_ROWS };
    },
  };
}

/**
 * The condition stands twice: a row that changed since it was chosen stays. Rows that a neighbour has in hand are left to
 * it, so that two at once neither wait nor deadlock; SQLite has one writer.
 */
export function deletionByIndex(
  { table, key, dead, indexed }: DeadRows & { readonly indexed: string },
  isPostgres: boolean,
): string {
  const skipping = isPostgres ? 'FOR UPDATE SKIP LOCKED' : '';
  return `DELETE FROM ${table} WHERE ${key} IN (
    SELECT ${key} FROM ${table} WHERE ${dead} ORDER BY ${indexed} LIMIT ${STEP_ROWS} ${skipping}
  ) AND ${dead}`;
}
