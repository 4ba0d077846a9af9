import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { type ChainVerification, EventChainVerifier } from './event-chain-verifier.js';
import { type ChainHead, EventLinker, LINK_BATCH_SIZE } from './event-linker.js';
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
const MAX_BATCHES = 50;
const READ_BATCH_SIZE = 1_000;

/**
 * Security events, each with the hash of the one before. They are stored without a place in the chain, in the transaction
 * of the change that they tell of, so that no two logins wait for each other; one replica puts them in order afterwards.
 */
@Injectable()
export class EventChainService {
  private readonly linker: EventLinker;

  constructor(private readonly unitOfWork: UnitOfWork) {
    this.linker = new EventLinker(unitOfWork);
  }

  /** Puts what is not in the chain into it. @returns how many events that were */
  async linkPending(): Promise<number> {
    let linked = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const some = await this.linkBatch();
      linked += some;
      if (some < LINK_BATCH_SIZE) break;
    }
    return linked;
  }

  /**
   * Walks the whole chain, and beyond: whether it still has the head that was noted elsewhere, when one is given. Only so
   * is it seen that the newest events are missing, or that all of it was written anew.
   */
  async verify(noted?: ChainHead): Promise<ChainVerification> {
    const walk = new EventChainVerifier(noted);
    for (;;) {
      const events = await this.findEvents({ after: walk.lastVerifiedSeq, limit: READ_BATCH_SIZE });
      if (events.some((event) => !walk.verifyNext(event))) return walk.createResult([]);
      if (events.length < READ_BATCH_SIZE)
        return walk.createResult(await this.findUnlinkedPruneDetails());
    }
  }

  /** In the order of the chain. */
  findEvents({ after = 0, accountId, type, limit }: EventQuery): Promise<readonly StoredEvent[]> {
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
  async findHead(): Promise<ChainHead | undefined> {
    const [head] = await this.unitOfWork.query<ChainHead>(
      'SELECT seq, hash FROM security_event WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1',
    );
    return head;
  }

  /** When it fails because another replica linked meanwhile, there is nothing left to do. */
  private async linkBatch(): Promise<number> {
    const before = await this.findHead();
    try {
      return await this.linker.linkBatch(before);
    } catch (error) {
      if ((await this.findHead())?.seq === before?.seq) throw error;
      return 0;
    }
  }

  /** The chain was cut a moment ago, and the event that tells of it has no place yet. */
  private async findUnlinkedPruneDetails(): Promise<readonly string[]> {
    const rows = await this.unitOfWork.query<{ detail: string }>(
      `SELECT detail FROM security_event WHERE seq IS NULL AND type = 'events.pruned'`,
    );
    return rows.map(({ detail }) => detail);
  }
}

const EXPORT_BATCH_SIZE = 1_000;

/**
 * The chain as JSON lines, the instant in words beside its number. Read in batches: a million events are
 * never in memory together.
 */
export async function* exportEvents(
  chain: EventChainService,
  query: Omit<EventQuery, 'limit'> = {},
): AsyncGenerator<string> {
  let after = query.after ?? 0;
  for (;;) {
    const events = await chain.findEvents({ ...query, after, limit: EXPORT_BATCH_SIZE });
    for (const event of events) yield `${JSON.stringify(toExportLine(event))}\n`;
    if (events.length < EXPORT_BATCH_SIZE) return;
    after = events.at(-1)?.seq ?? after;
  }
}

const toExportLine = ({ at, ...event }: StoredEvent) => ({
  at,
  time: new Date(at).toISOString(),
  ...event,
});
