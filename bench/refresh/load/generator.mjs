/**
 * The load generator, a process of its own. It takes jobs from its parent, one at a time:
 * `{ request, target, chains, connections, seconds }`, and sends back what it saw.
 */
import { Connection } from './connection.mjs';
import * as requests from './requests.mjs';

process.on('message', async (job) => process.send(await run(job)));
process.send('ready');

async function run({ request, target, chains, connections, seconds }) {
  const lanes = await Promise.all(
    Array.from({ length: connections }, async (_, index) => ({
      connection: await Connection.open(target.port),
      // Every connection has chains of its own: no refresh token is ever used twice.
      chains: chains.filter((_token, chain) => chain % connections === index),
    })),
  );
  const tally = { latencies: [], failures: [] };
  const cpu = process.cpuUsage();
  const start = performance.now();
  const deadline = start + seconds * 1000;
  await Promise.all(
    lanes.map((lane) => drive(lane, requests[request](target, lane.chains), { deadline, tally })),
  );
  const elapsed = performance.now() - start;
  const used = process.cpuUsage(cpu);
  lanes.forEach(({ connection }) => connection.close());
  return {
    ...summary(tally, elapsed),
    clientBusy: (used.user + used.system) / 1000 / elapsed,
    chains: lanes.flatMap((lane) => lane.chains),
  };
}

/** One request after the other until the deadline. A refusal ends the lane: its chain is broken. */
async function drive({ connection }, { next, accept }, { deadline, tally }) {
  let before = performance.now();
  while (before < deadline) {
    try {
      const { status, body } = await connection.exchange(next());
      if (status < 200 || status > 299) throw new Error(`${status} ${body.slice(0, 300)}`);
      accept(body);
    } catch (error) {
      tally.failures.push(error.message);
      return;
    }
    const now = performance.now();
    tally.latencies.push(now - before);
    before = now;
  }
}

function summary({ latencies, failures }, elapsed) {
  const sorted = Float64Array.from(latencies).sort();
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
