import { waitUntil as waitFor } from '@gatehouse/service-kit/testing';

/**
 * Polls until `look` returns a value. The condition must stay true once it is true. The time limit is far longer than any step
 * takes, because several services share the machine.
 *
 * @throws {Error} with the description after 120 s
 */
export const waitUntil = <T>(
  description: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> => waitFor(look, { description, timeoutSeconds: 120, intervalMs: 50 });
