import { cpuMicroseconds } from '../machine/cpu.mjs';
import { ended, messageFrom } from '../machine/processes.mjs';
import { workloads } from './plan.mjs';

/**
 * Every server does every workload in every round, in turn (A B C … A B C …), so that what the machine does meanwhile
 * falls on all of them. A round of warming up comes first and is not counted.
 * @returns {Promise<Array<{ workload: object, server: object, samples: object[], warmUp: object }>>}
 */
export async function measure({ servers, generator, plan }) {
  const cells = workloads.flatMap((workload) =>
    servers
      .filter((server) => worthMeasuring(workload, server))
      .map((server) => ({ workload, server, samples: [] })),
  );
  say('warming up');
  for (const cell of cells) cell.warmUp = await sample(cell, generator, plan.warmUp);
  for (let round = 1; round <= plan.rounds; round += 1) {
    say(`round ${round} of ${plan.rounds}`);
    for (const cell of cells) cell.samples.push(await sample(cell, generator, plan.seconds));
  }
  return cells;
}

/** The limit does not touch its store for these: once is enough. */
function worthMeasuring({ durable }, { software, store }) {
  return durable || software !== 'limit' || store === 'sqlite';
}

async function sample({ workload, server }, generator, seconds) {
  const { child, chains, ...target } = server;
  const { request, connections } = workload;
  const before = cpuMicroseconds(child.pid);
  generator.send({ request, target, chains, connections, seconds });
  const seen = await messageFrom(generator);
  if (child.exitCode !== null || child.signalCode !== null) throw ended(child);
  const { chains: next, ...numbers } = seen;
  server.chains = next;
  return { ...numbers, cpuPerAnswer: (cpuMicroseconds(child.pid) - before) / numbers.answers };
}

function say(line) {
  console.log(`${line} …`);
}
