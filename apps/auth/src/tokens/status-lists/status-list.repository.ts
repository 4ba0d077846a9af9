import { randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';

/** Slots of a list. A list without a set bit has 128 KiB, and 149 bytes compressed. */
export const LIST_SIZE = 2 ** 20;

/** Allocations that a process reserves at once. If the process dies, the rest of them is never used. */
export const BLOCK_SIZE = 64;

/** The next list is opened while a tenth of the last one is free, so that every replica knows it before a token names it. */
const NEARLY_FULL = Math.floor(LIST_SIZE * 0.9);

/** More lists than can have been opened since a backup was made: each holds a million logins. */
const SKIPPED_LISTS = 1_000;

/** {@link BLOCK_SIZE} consecutive allocations of one list, reserved for one process. */
export interface SlotBlock {
  readonly list: number;
  readonly seed: string;
  readonly first: number;
}

/**
 * All SQL of the table `status_list`. The condition of each statement is its lock. One statement
 * also reads the table `client`, because a list that an enabled client uses must stay.
 */
@Injectable()
export class StatusListRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Reserves a block. It is never released. */
  async reserveBlock(): Promise<SlotBlock> {
    for (;;) {
      const block = await this.tryReserveBlock();
      if (!block || block.first >= NEARLY_FULL) await this.openListIfNeeded();
      if (block) return block;
    }
  }

  /** Opens the next list if all lists are nearly full, or if there is none. */
  async openListIfNeeded(): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO status_list (id, next, seed, created_at)
       SELECT coalesce(max(id), 0) + 1, 0, $1, $2 FROM status_list
       HAVING coalesce(min(next), $3) >= $3
       ON CONFLICT (id) DO NOTHING`,
      [createSeed(), this.clock.now(), NEARLY_FULL],
    );
  }

  /**
   * One statement, because the resource servers cause it every few seconds.
   *
   * @param sources select the indexes that were revoked after `since`
   * @returns the lists, newest first, for verifiers that read only the first lists; and the revoked indexes
   */
  async findStatus(since: number, sources: readonly string[]) {
    const selects = [
      'SELECT id AS value, 1 AS "isList" FROM status_list',
      ...sources.map((source) => `SELECT status_index, 0 FROM (${source}) AS revoked`),
    ];
    const rows = await this.unitOfWork.query<{ value: number | string; isList: number }>(
      selects.join(' UNION ALL '),
      sources.length > 0 ? [since] : [],
    );
    const lists: number[] = [];
    const revoked: number[] = [];
    for (const { value, isList } of rows) (isList === 1 ? lists : revoked).push(Number(value));
    return { lists: lists.sort((one, other) => other - one), revoked };
  }

  /**
   * Deletes lists that were full at `fullSince` and that no enabled client refers to. The newest list stays, so that no list id is
   * used again.
   */
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

  /**
   * Closes all lists and opens one with a much higher id, after a backup was restored. The slots that were allocated after the
   * backup are never allocated again. The old lists stay for the sessions that have slots there.
   */
  abandonAll(): Promise<void> {
    const now = this.clock.now();
    return this.unitOfWork.transaction(async () => {
      await this.unitOfWork.execute(
        'UPDATE status_list SET next = $1, filled_at = coalesce(filled_at, CAST($2 AS bigint))',
        [LIST_SIZE, now],
      );
      await this.unitOfWork.execute(
        `INSERT INTO status_list (id, next, seed, created_at)
         SELECT max(id) + ${SKIPPED_LISTS}, 0, $1, $2 FROM status_list HAVING max(id) IS NOT NULL`,
        [createSeed(), now],
      );
    });
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

const createSeed = (): string => randomBytes(16).toString('base64url');
