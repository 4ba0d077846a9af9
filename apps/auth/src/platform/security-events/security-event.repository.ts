import { type SqlStatement, UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { ChainHead, StoredEvent, UnlinkedEvent } from './event-chain.js';

/** Selects events of the chain. */
export interface EventQuery {
  /** Only events with a greater `seq`. */
  readonly after?: number;
  readonly accountId?: string;
  readonly type?: string;
  readonly limit: number;
}

/** Another replica changed the same rows first. */
export class ConcurrentUpdate extends Error {}

const UNLINKED_COLUMNS = 'id, at, type, account_id AS "accountId", detail';
const LINKED_COLUMNS = `seq, ${UNLINKED_COLUMNS}, previous_hash AS "previousHash", hash`;

/** All SQL of the table `security_event`. */
@Injectable()
export class SecurityEventRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Travels with the commit of the caller's transaction, if there is one. */
  async insert(event: UnlinkedEvent): Promise<void> {
    const { sql, parameters } = buildEventInsert(event);
    if (this.unitOfWork.isInTransaction) this.unitOfWork.executeWithCommit(sql, parameters);
    else await this.unitOfWork.execute(sql, parameters);
  }

  /** Stores the event and the change that it records in one transaction and one round trip. */
  async insertWith(change: SqlStatement, event: UnlinkedEvent): Promise<void> {
    await this.unitOfWork.executeAll([change, buildEventInsert(event)]);
  }

  /** Oldest first. */
  async findUnlinked(limit: number): Promise<readonly UnlinkedEvent[]> {
    const rows = await this.unitOfWork.query<UnlinkedEvent>(
      `SELECT ${UNLINKED_COLUMNS} FROM security_event WHERE seq IS NULL ORDER BY at, id LIMIT ${limit}`,
    );
    return rows.map((row) => ({ ...row, at: Number(row.at) }));
  }

  /**
   * Stores the places of these events in the chain: all of them, or none.
   *
   * `seq` is unique and an event is linked once, so of two replicas that link the same events one fails.
   * @throws {ConcurrentUpdate} when an event was linked before
   */
  async link(events: readonly StoredEvent[]): Promise<void> {
    await this.unitOfWork.transaction(async () => {
      const { affected } = await this.unitOfWork.execute(
        buildLinkStatement(events.length),
        events.flatMap(({ id, seq, previousHash, hash }) => [id, seq, previousHash, hash]),
      );
      if (affected !== events.length)
        throw new ConcurrentUpdate('other events were linked meanwhile');
    });
  }

  /** In the order of the chain. */
  findLinked({ after = 0, accountId, type, limit }: EventQuery): Promise<readonly StoredEvent[]> {
    const conditions = ['seq > $1'];
    const values: unknown[] = [after, limit];
    const addFilter = (column: string, value: string | undefined) => {
      if (value !== undefined) conditions.push(`${column} = $${values.push(value)}`);
    };
    addFilter('account_id', accountId);
    addFilter('type', type);
    return this.unitOfWork.query<StoredEvent>(
      `SELECT ${LINKED_COLUMNS} FROM security_event WHERE ${conditions.join(' AND ')} ORDER BY seq LIMIT $2`,
      values,
    );
  }

  async findHead(): Promise<ChainHead | undefined> {
    const [head] = await this.unitOfWork.query<ChainHead>(
      'SELECT seq, hash FROM security_event WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1',
    );
    return head;
  }

  /** `detail` of the events `events.pruned` that are not linked yet: they describe a cut that was just made. */
  async findUnlinkedPruneDetails(): Promise<readonly string[]> {
    const rows = await this.unitOfWork.query<{ detail: string }>(
      `SELECT detail FROM security_event WHERE seq IS NULL AND type = 'events.pruned'`,
    );
    return rows.map(({ detail }) => detail);
  }

  /** The oldest events of the chain, without the newest one: the next event is linked to that. */
  findOldest(limit: number): Promise<readonly Pick<StoredEvent, 'seq' | 'at' | 'hash'>[]> {
    return this.unitOfWork.query(
      `SELECT seq, at, hash FROM security_event WHERE seq < (SELECT max(seq) FROM security_event)
       ORDER BY seq LIMIT ${limit}`,
    );
  }

  /** @returns how many events were deleted */
  async deleteUpTo(seq: number): Promise<number> {
    const { affected } = await this.unitOfWork.execute(
      'DELETE FROM security_event WHERE seq <= $1',
      [seq],
    );
    return affected;
  }

  /** When an event of this type was recorded last, linked or not, in epoch milliseconds. */
  async findLastTime(type: StoredEvent['type']): Promise<number | undefined> {
    const [row] = await this.unitOfWork.query<{ at: number | string | null }>(
      'SELECT max(at) AS at FROM security_event WHERE type = $1',
      [type],
    );
    return row?.at === null || row === undefined ? undefined : Number(row.at);
  }
}

export const buildEventInsert = ({
  id,
  at,
  type,
  accountId,
  detail,
}: UnlinkedEvent): SqlStatement => ({
  sql: 'INSERT INTO security_event (id, at, type, account_id, detail) VALUES ($1, $2, $3, $4, $5)',
  parameters: [id, at, type, accountId, detail],
});

/**
 * One statement for all events, because a round trip per event would bound how many events a second can be linked.
 * `COALESCE` keeps SQLite from scanning all unlinked events once per event.
 */
function buildLinkStatement(events: number): string {
  const rows = Array.from({ length: events }, (_, row) => {
    const [id, seq, previous, hash] = [1, 2, 3, 4].map((column) => `$${row * 4 + column}`);
    return `(${id}, CAST(${seq} AS bigint), ${previous}, ${hash})`;
  });
  return `UPDATE security_event SET seq = link.column2, previous_hash = link.column3, hash = link.column4
    FROM (VALUES ${rows.join(', ')}) AS link
    WHERE security_event.id = link.column1 AND COALESCE(security_event.seq, 0) = 0`;
}
