import { authorization } from './presented.mjs';

/**
 * Verifies the tokens in turn, over and over until the time is over, or just once each. Counts the time of the
 * processor, all threads together: where nothing else is at work, that of the clock is the same or a little more.
 * @param {(authorization: string, token: object) => unknown} verify
 * @param {{ tokens: object[], milliseconds?: number }} work
 */
export async function sample(verify, { tokens, milliseconds = 0 }) {
  const cpu = process.cpuUsage();
  const deadline = performance.now() + milliseconds;
  let verified = 0;
  do {
    for (const token of tokens) {
      const answer = verify(authorization(token), token);
      if (answer instanceof Promise) await answer;
    }
    verified += tokens.length;
  } while (performance.now() < deadline);
  const { user, system } = process.cpuUsage(cpu);
  const microseconds = (user + system) / verified;
  return { microseconds, perSecond: 1e6 / microseconds };
}
