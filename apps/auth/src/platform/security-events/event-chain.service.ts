import { Injectable } from '@nestjs/common';
import {
  chainEvents,
  type ChainHead,
  type ChainVerification,
  EventChainVerifier,
  type StoredEvent,
} from './event-chain.js';
import { type EventQuery, SecurityEventRepository } from './security-event.repository.js';

/** Events that one transaction links. */
const LINK_BATCH_SIZE = 200;
/** Batches in one turn, so that a backlog of hours is linked within minutes and every turn ends. */
const MAX_BATCHES = 50;
const READ_BATCH_SIZE = 1_000;

/**
 * The chain of security events: each event holds the hash of the previous one. An event is stored without a place in the
 * chain, in the transaction of the change that it records, so that two logins never wait for each other. One replica links the
 * stored events afterwards.
 */
@Injectable()
export class EventChainService {
  constructor(private readonly repository: SecurityEventRepository) {}

  /** Links the stored events that have no place yet. @returns how many events were linked */
  async linkPending(): Promise<number> {
    const [first] = await this.repository.findUnlinked(1);
    if (!first) return 0;
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const linked = await this.linkBatch();
      total += linked;
      if (linked < LINK_BATCH_SIZE) break;
    }
    return total;
  }

  /**
   * Verifies the whole chain, and that it still contains a head that the operator noted elsewhere. Only the noted head reveals
   * that the newest events are missing, or that the whole chain was written anew.
   */
  async verify(notedHead?: ChainHead): Promise<ChainVerification> {
    const verifier = new EventChainVerifier(notedHead);
    for await (const events of this.readBatches({})) {
      if (events.some((event) => !verifier.verifyNext(event))) return verifier.createResult([]);
    }
    return verifier.createResult(await this.repository.findUnlinkedPruneDetails());
  }

  /** In the order of the chain. */
  findEvents(query: EventQuery): Promise<readonly StoredEvent[]> {
    return this.repository.findLinked(query);
  }

  /** The newest event's place and hash. Operators note it where the database's administrators cannot write. */
  findHead(): Promise<ChainHead | undefined> {
    return this.repository.findHead();
  }

  /** The chain as JSON lines; `time` repeats the instant in ISO 8601. */
  async *exportLines(query: Omit<EventQuery, 'limit'> = {}): AsyncGenerator<string> {
    for await (const events of this.readBatches(query)) {
      for (const event of events) yield `${JSON.stringify(toExportLine(event))}\n`;
    }
  }

  /** In batches, so that a million events are never in memory together. */
  private async *readBatches(
    query: Omit<EventQuery, 'limit'>,
  ): AsyncGenerator<readonly StoredEvent[]> {
    let after = query.after ?? 0;
    for (;;) {
      const events = await this.repository.findLinked({ ...query, after, limit: READ_BATCH_SIZE });
      yield events;
      if (events.length < READ_BATCH_SIZE) return;
      after = events.at(-1)?.seq ?? after;
    }
  }

  /** A failure is ignored when another replica linked events meanwhile. */
  private async linkBatch(): Promise<number> {
    const head = await this.repository.findHead();
    try {
      const events = chainEvents(head, await this.repository.findUnlinked(LINK_BATCH_SIZE));
      if (events.length > 0) await this.repository.link(events);
      return events.length;
    } catch (error) {
      if ((await this.repository.findHead())?.seq === head?.seq) throw error;
      return 0;
    }
  }
}

const toExportLine = ({ at, ...event }: StoredEvent) => ({
  at,
  time: new Date(at).toISOString(),
  ...event,
});
