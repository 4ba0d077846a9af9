import { randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { LIST_SIZE } from './status-list.js';

/** How many places a process takes at once. If it dies, nobody gets what it had left. */
export const BLOCK_SIZE = 64;

/** The next list is opened while a tenth of this one is left: every replica knows it long before a token names it. */
const NEARLY_FULL = Math.floor(LIST_SIZE * 0.9);

/** Consecutive numbers of one list that are nobody else's. */
export interface SlotBlock {
  readonly list: number;
  readonly seed: string;
  readonly first: number;
}

/** The rows of status lists. Each verb is one statement, whose condition is its lock. */
@Injectable()
export class StatusListRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Takes a block for good. Where all lists are full it opens one. */
  async reserveBlock(): Promise<SlotBlock> {
    for (;;) {
      const block = await this.tryReserveBlock();
      if (!block || block.first >= NEARLY_FULL) await this.openListIfNeeded();
      if (block) return block;
    }
  }

  /** Makes the next list where there is none with room to spare. */
  async openListIfNeeded(): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO status_list (id, next, seed, created_at)
       SELECT coalesce(max(id), 0) + 1, 0, $1, $2 FROM status_list
       HAVING coalesce(min(next), $3) >= $3
       ON CONFLICT (id) DO NOTHING`,
      [randomBytes(16).toString('base64url'), this.clock.now(), NEARLY_FULL],
    );
  }

  /** Newest first: who watches only so many should watch those. */
  async findListIds(): Promise<readonly number[]> {
    const rows = await this.unitOfWork.query<{ id: number }>(
      'SELECT id FROM status_list ORDER BY id DESC',
    );
    return rows.map(({ id }) => id);
  }

  /**
   * The indexes of sessions and clients that ended after `since`, in no order. A partial index of ended families leads to
   * them, so the cost follows what ended lately, not what there is.
   */
  async findRevokedSince(since: number): Promise<readonly number[]> {
    const rows = await this.unitOfWork.query<{ status_index: string | number }>(REVOKED_INDEXES, [
      since,
    ]);
    return rows.map((row) => Number(row.status_index));
  }

  /** Removes lists that were full at `fullSince` and that no client of today refers to. The newest one stays, so no number comes again. */
  async deleteUnused({ fullSince }: { fullSince: number }): Promise<number> {
    const { affected } = await this.unitOfWork.execute(
      `DELETE FROM status_list WHERE filled_at < $1
         AND id < (SELECT max(id) FROM status_list)
         AND NOT EXISTS (SELECT 1 FROM client
           WHERE client.status_index / ${LIST_SIZE} = status_list.id
             AND (client.disabled_at IS NULL OR client.disabled_at >= $1))`,
      [fullSince],
    );
    return affected;
  }

  private async tryReserveBlock(): Promise<SlotBlock | undefined> {
    const { rows } = await this.unitOfWork.execute<{ id: number; seed: string; next: number }>(
      `UPDATE status_list
       SET next = next + $1, filled_at = CASE WHEN next + 2 * $1 > $2 THEN CAST($3 AS bigint) END
       WHERE id = (SELECT min(id) FROM status_list WHERE next + $1 <= $2) AND next + $1 <= $2
       RETURNING id, seed, next`,
      [BLOCK_SIZE, LIST_SIZE, this.clock.now()],
    );
    const [row] = rows;
    return row && { list: row.id, seed: row.seed, first: row.next - BLOCK_SIZE };
  }
}

export const REVOKED_INDEXES = `
  SELECT status_index FROM refresh_token_family WHERE ended_at > $1 AND status_index IS NOT NULL
  UNION ALL
  SELECT status_index FROM client WHERE disabled_at > $1 AND status_index IS NOT NULL`;

/** More lists than can have been opened since a backup was taken: each holds a million logins. */
const SKIPPED_LISTS = 1_000;

/**
 * No place of the lists that are known, or that were opened after the backup, is given to anybody again. The old lists
 * stay for the sessions that have their places there.
 */
export function abandonStatusLists(unitOfWork: UnitOfWork, now: number): Promise<void> {
  return unitOfWork.transaction(async () => {
    await unitOfWork.execute(
      'UPDATE status_list SET next = $1, filled_at = coalesce(filled_at, CAST($2 AS bigint))',
      [LIST_SIZE, now],
    );
    await unitOfWork.execute(
      `INSERT INTO status_list (id, next, seed, created_at)
       SELECT max(id) + ${SKIPPED_LISTS}, 0, $1, $2 FROM status_list HAVING max(id) IS NOT NULL`,
      [randomBytes(16).toString('base64url'), now],
    );
  });
}
