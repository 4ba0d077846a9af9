import type { UnitOfWork } from '@gatehouse/persistence';
import { type Clearance, type DeadRows, STEP_ROWS } from './clearance.js';

/**
 * For conditions that no index serves: goes through the table by its primary key, so many rows a step, and goes on where
 * it left off. A column that changes often is better without an index: PostgreSQL then rewrites the row and nothing else.
 */
export function byWalking(unitOfWork: UnitOfWork, rows: DeadRows): Clearance {
  const { stretch, deletion } = walkOf(rows, unitOfWork.isPostgres);
  let cursor = '';
  return {
    name: `${rows.table} by ${rows.key}`,
    async step(now) {
      const [found] = await unitOfWork.query<{ rows: number; last: string | null }>(stretch, [
        cursor,
      ]);
      const last = found?.last ?? cursor;
      const values = [now - rows.afterSeconds * 1000, cursor, last];
      const { affected: removed } = await unitOfWork.execute(deletion, values);
      const isDone = Number(found?.rows ?? 0) < STEP_ROWS;
      cursor = isDone ? '' : last;
      return { removed, isDone };
    },
  };
}

/** As with `deletionByIndex`, the condition stands twice and rows in a neighbour's hand are left to it. */
export function walkOf({ table, key, dead }: DeadRows, isPostgres: boolean) {
  const skipping = isPostgres ? 'FOR UPDATE SKIP LOCKED' : '';
  return {
    stretch: `SELECT count(*) AS rows, max(${key}) AS last FROM (
      SELECT ${key} FROM ${table} WHERE ${key} > $1 ORDER BY ${key} LIMIT ${STEP_ROWS}) AS stretch`,
    deletion: `DELETE FROM ${table} WHERE ${key} IN (
      SELECT ${key} FROM ${table} WHERE ${key} > $2 AND ${key} <= $3 AND ${dead} ${skipping}
    ) AND ${dead}`,
  };
}
