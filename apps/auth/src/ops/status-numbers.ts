import { randomBytes } from 'node:crypto';
import type { UnitOfWork } from '@gatehouse/persistence';
import { LIST_SIZE } from '../status-lists/status-index.js';

/** More lists than can have been opened since a backup was taken: each holds a million logins. */
const LISTS_SKIPPED = 1_000;

/**
 * No place of the lists that are known, or that were opened after the backup, is given to anybody again. The old lists
 * stay for the sessions that have their places there.
 */
export function leaveBehind(unitOfWork: UnitOfWork, now: number): Promise<void> {
  return unitOfWork.transaction(async () => {
    await unitOfWork.execute(
      'UPDATE status_list SET next = $1, filled_at = coalesce(filled_at, CAST($2 AS bigint))',
      [LIST_SIZE, now],
    );
    await unitOfWork.execute(
      `INSERT INTO status_list (id, next, seed, created_at)
       SELECT max(id) + ${LISTS_SKIPPED}, 0, $1, $2 FROM status_list HAVING max(id) IS NOT NULL`,
      [randomBytes(16).toString('base64url'), now],
    );
  });
}
