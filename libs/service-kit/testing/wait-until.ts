import { setTimeout as delay } from 'node:timers/promises';

interface WaitOptions {
  /** What the test waits for, for the error message. */
  readonly description?: string;
  /** Default: 25, which is less than Jest's own limit, so that the error names the missing event. */
  readonly timeoutSeconds?: number;
  /** Default: 20. */
  readonly intervalMs?: number;
}

const DEFAULTS = { description: 'the expected state', timeoutSeconds: 25, intervalMs: 20 };

/**
 * Repeats a check until it returns a value other than `false` and `undefined`. Use it for a state that stays once it is
 * reached.
 *
 * @throws {Error} with the description when the time is over
 */
export async function waitUntil<T>(
  check: () => T | false | undefined | Promise<T | false | undefined>,
  options: WaitOptions = {},
): Promise<T> {
  const { description, timeoutSeconds, intervalMs } = { ...DEFAULTS, ...options };
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const result = await check();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > deadline) break;
    await delay(intervalMs);
  }
  throw new Error(`${description} was not reached within ${timeoutSeconds} s`);
}
