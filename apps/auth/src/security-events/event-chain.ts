import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { type ChainHead, EventLinker, LINKED_AT_ONCE } from './event-linker.js';
import { ChainWalk, type Verdict } from './chain-walk.js';
import { CHAIN_COLUMNS, type StoredEvent } from './stored-event.js';

/** Which events to read. */
export interface EventQuery {
  /** Only those with a greater `seq`. */
  readonly after?: number;
  readonly accountId?: string;
  readonly type?: string;
  readonly limit: number;
}

/** Batches in one turn, so that a backlog of hours is linked within minutes and a turn ends. */
const BATCHES = 50;
const READ_AT_ONCE = 1_000;

/**
 * Security events, each with the hash of the one before. They are stored without a place in the chain, in the transaction
 * of the change that they tell of, so that no two logins wait for each other; one replica puts them in order afterwards.
 */
@Injectable()
export class EventChain {
  private readonly linker: EventLinker;

  constructor(private readonly unitOfWork: UnitOfWork) {
    this.linker = new EventLinker(unitOfWork);
  }

  /** Puts what is not in the chain into it. @returns how many events that were */
  async link(): Promise<number> {
    let linked = 0;
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const some = await this.linkSome();
      linked += some;
      if (some < LINKED_AT_ONCE) break;
    }
    return linked;
  }

  /**
   * Walks the whole chain, and beyond: whether it still has the head that was noted elsewhere, when one is given. Only so
   * is it seen that the newest events are missing, or that all of it was written anew.
   */
  async verify(noted?: ChainHead): Promise<Verdict> {
    const walk = new ChainWalk(noted);
    for (;;) {
      const events = await this.read({ after: walk.last, limit: READ_AT_ONCE });
      if (events.some((event) => !walk.accepts(event))) return walk.verdict([]);
      if (events.length < READ_AT_ONCE) return walk.verdict(await this.unlinkedCuts());
    }
  }

  /** In the order of the chain. */
  read({ after = 0, accountId, type, limit }: EventQuery): Promise<readonly StoredEvent[]> {
    const conditions = ['seq > $1'];
    const values: unknown[] = [after, limit];
    const only = (column: string, value: string | undefined) => {
      if (value !== undefined) conditions.push(`${column} = $${values.push(value)}`);
    };
    only('account_id', accountId);
    only('type', type);
    return this.unitOfWork.query<StoredEvent>(
      `SELECT ${CHAIN_COLUMNS} FROM security_event WHERE ${conditions.join(' AND ')} ORDER BY seq LIMIT $2`,
      values,
    );
  }

  /** The newest event's place and hash: note it where the database's administrators cannot write. */
  async head(): Promise<ChainHead | undefined> {
    const [head] = await this.unitOfWork.query<ChainHead>(
      'SELECT seq, hash FROM security_event WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1',
    );
    return head;
  }

  /** When it fails because another replica linked meanwhile, there is nothing left to do. */
  private async linkSome(): Promise<number> {
    const before = await this.head();
    try {
      return await this.linker.linkSome(before);
    } catch (error) {
      if ((await this.head())?.seq === before?.seq) throw error;
      return 0;
    }
  }

  /** The chain was cut a moment ago, and the event that tells of it has no place yet. */
  private async unlinkedCuts(): Promise<readonly string[]> {
    const rows = await this.unitOfWork.query<{ detail: string }>(
      `SELECT detail FROM security_event WHERE seq IS NULL AND type = 'events.pruned'`,
    );
    return rows.map(({ detail }) => detail);
  }
}
