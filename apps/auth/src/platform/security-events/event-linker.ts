import type { UnitOfWork } from '@gatehouse/persistence';
import {
  EVENT_COLUMNS,
  GENESIS_HASH,
  hashEvent,
  type StoredEvent,
  type UnlinkedEvent,
} from './stored-event.js';

/** Events that one transaction links. */
export const LINK_BATCH_SIZE = 200;

/** The end of a chain. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** Somebody else linked meanwhile. */
class ConcurrentUpdate extends Error {}

/** Puts events that are not in the chain at its end, in the order in which they happened. */
export class EventLinker {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * One batch, all of it or nothing. Two at once: `seq` is unique, and an event is linked once, so one of them makes way.
   * @returns how many events were linked
   */
  async linkBatch(head: ChainHead | undefined): Promise<number> {
    const events = chainEvents(head ?? { seq: 0, hash: GENESIS_HASH }, await this.findUnlinked());
    if (events.length === 0) return 0;
    await this.unitOfWork.transaction(async () => {
      const { affected } = await this.unitOfWork.execute(
        buildLinkStatement(events.length),
        toStatementValues(events),
      );
      if (affected !== events.length)
        throw new ConcurrentUpdate('other events were linked meanwhile');
    });
    return events.length;
  }

  private findUnlinked(): Promise<readonly UnlinkedEvent[]> {
    return this.unitOfWork.query<UnlinkedEvent>(
      `SELECT ${EVENT_COLUMNS} FROM security_event WHERE seq IS NULL ORDER BY at, id LIMIT ${LINK_BATCH_SIZE}`,
    );
  }
}

function chainEvents(head: ChainHead, unlinked: readonly UnlinkedEvent[]): readonly StoredEvent[] {
  let { seq, hash: previousHash } = head;
  return unlinked.map((event) => {
    seq += 1;
    const at = Number(event.at);
    const hash = hashEvent({ ...event, at, seq, previousHash });
    const linked = { ...event, at, seq, previousHash, hash };
    previousHash = hash;
    return linked;
  });
}

/**
 * One statement however many: a round trip for each would bound how many events a second can be linked. `COALESCE` keeps
 * SQLite from going through everything that has no place yet, for each of them.
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

const toStatementValues = (events: readonly StoredEvent[]): readonly unknown[] =>
  events.flatMap(({ id, seq, previousHash, hash }) => [id, seq, previousHash, hash]);
