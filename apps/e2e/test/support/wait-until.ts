import { setTimeout as sleep } from 'node:timers/promises';

/** Far longer than any step takes. It is no statement about speed. */
const TIMEOUT_MS = 120_000;
const PAUSE_MS = 50;

/**
 * Polls until `look` returns a value. The condition must stay true once it is true.
 *
 * @throws {Error} with the description after 120 s
 */
export async function waitUntil<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`timeout: ${what}`);
    await sleep(PAUSE_MS);
  }
}
