import { setTimeout as sleep } from 'node:timers/promises';

/** Far longer than anything takes here: it is no statement about speed. */
const TIMEOUT_MS = 120_000;
const PAUSE_MS = 50;

/**
 * Looks until there is something to see. Ask only for what stays once it is there.
 *
 * @throws {Error} with the name of what did not come about
 */
export async function waitUntil<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`${what}: this did not come about`);
    await sleep(PAUSE_MS);
  }
}
