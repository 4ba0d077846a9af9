import { Connection } from './connection.mjs';

/**
 * Keeps connections busy, each with one request at a time, until the time is over or there is nothing left to ask.
 * @param {{ port: number, ports?: number[], connections: number, seconds: number }} job where there are several
 *   ports, the connections take them in turn
 * @param {(connection: number) => Dialogue} dialogue what a connection sends, as whole requests, and what it makes of the
 *   answers
 * @typedef {{ next(): string | undefined, accept(body: string, head: string): boolean | void, follows?: boolean }} Dialogue
 *   where `accept` says true there is more to come before it counts as one answer; `follows` are redirects
 */
export async function drive({ port, ports = [port], connections, seconds }, dialogue) {
  const lanes = await Promise.all(
    Array.from({ length: connections }, async (_, index) => ({
      connection: await Connection.open(ports[index % ports.length]),
      ...dialogue(index),
    })),
  );
  /** @type {{ latencies: number[], failures: string[] }} */
  const tally = { latencies: [], failures: [] };
  const cpu = process.cpuUsage();
  const start = performance.now();
  const deadline = start + seconds * 1000;
  await Promise.all(lanes.map((lane) => keepBusy(lane, { deadline, tally })));
  const elapsed = performance.now() - start;
  const used = process.cpuUsage(cpu);
  lanes.forEach(({ connection }) => connection.close());
  return { ...summary(tally, elapsed), clientBusy: (used.user + used.system) / 1000 / elapsed };
}

/**
 * A refusal ends the lane, because its next request may depend on the answer.
 *
 * @param {Dialogue & { connection: Connection }} lane
 * @param {{ deadline: number, tally: { latencies: number[], failures: string[] } }} run
 */
async function keepBusy({ connection, next, accept, follows }, { deadline, tally }) {
  let before = performance.now();
  while (before < deadline) {
    const request = next();
    if (request === undefined) return;
    try {
      const { status, head, body } = await connection.exchange(request);
      if (!isGood(status, follows)) throw new Error(`${status} ${body.slice(0, 300)}`);
      if (accept(body, head)) continue;
    } catch (error) {
      tally.failures.push(/** @type {Error} */ (error).message);
      return;
    }
    const now = performance.now();
    tally.latencies.push(now - before);
    before = now;
  }
}

/**
 * 304 is the answer to a condition (RFC 9110 §13.1.2).
 *
 * @param {number} status
 * @param {boolean} [follows]
 */
export function isGood(status, follows = false) {
  const isRedirect = status === 302 || status === 303;
  return (status >= 200 && status <= 299) || status === 304 || (follows && isRedirect);
}

/** @param {{ latencies: number[], failures: string[] }} tally @param {number} elapsed */
function summary({ latencies, failures }, elapsed) {
  const sorted = Float64Array.from(latencies).sort();
  /** @param {number} share */
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return {
    answers: sorted.length,
    perSecond: (sorted.length * 1000) / elapsed,
    p50: at(0.5),
    p99: at(0.99),
    failures: failures.length,
    firstFailure: failures[0],
  };
}
