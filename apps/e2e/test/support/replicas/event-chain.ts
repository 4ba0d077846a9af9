import type { EventRow } from '../auth-database.js';

/** Events after a gap, or whose link is not the hash of the previous event. */
export function findChainBreaks(events: readonly EventRow[]): readonly string[] {
  return events.flatMap(({ seq, previousHash, id }, at) => {
    const before = events[at - 1];
    const isFirst = before === undefined;
    const follows = seq === at + 1 && (isFirst || previousHash === before.hash);
    return follows ? [] : [`${id} (${seq})`];
  });
}

/** The values of one detail member in all events of a type. */
export function listDetailValues(
  events: readonly EventRow[],
  type: string,
  member: string,
): string[] {
  return events.filter((event) => event.type === type).map(({ detail }) => String(detail[member]));
}

/** Milliseconds between successive events of a type. */
export function measureGaps(events: readonly EventRow[], type: string): readonly number[] {
  const moments = events.filter((event) => event.type === type).map(({ at }) => at);
  return moments.slice(1).map((moment, at) => moment - (moments[at] ?? 0));
}

export function countByType(events: readonly EventRow[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}
