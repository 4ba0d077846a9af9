import type { EventChain, EventQuery } from './event-chain.js';
import type { StoredEvent } from './stored-event.js';

const READ_AT_ONCE = 1_000;

/**
 * The chain as JSON lines, the instant in words beside its number. Read in batches: a million events are
 * never in memory together.
 */
export async function* exportEvents(
  chain: EventChain,
  query: Omit<EventQuery, 'limit'> = {},
): AsyncGenerator<string> {
  let after = query.after ?? 0;
  for (;;) {
    const events = await chain.read({ ...query, after, limit: READ_AT_ONCE });
    for (const event of events) yield `${JSON.stringify(lineOf(event))}\n`;
    if (events.length < READ_AT_ONCE) return;
    after = events.at(-1)?.seq ?? after;
  }
}

const lineOf = ({ at, ...event }: StoredEvent) => ({
  at,
  time: new Date(at).toISOString(),
  ...event,
});
