import { cpuMicroseconds } from '../machine/cpu.mjs';
import { ended, messageFrom } from '../machine/processes.mjs';

/**
 * Every server does every workload in every round, in turn (A B C … A B C …), so that what the machine does meanwhile
 * falls on all of them. A round of warming up comes first and is not counted.
 * @template Cell
 * @param {Cell[]} cells each a `workload` and the `server` that does it, which may be several processes (`children`)
 * @param {{ generator: object, plan: object, meters?: Record<string, () => number | Promise<number>> }} how a meter
 *   counts something that only grows; a sample has what it grew by per answer
 * @returns {Promise<Array<Cell & { samples: object[], warmUp: object }>>}
 */
export async function takeTurns(cells, { generator, plan, meters = {} }) {
  const measured = cells.map((cell) => ({ ...cell, samples: [] }));
  const sampleOf = (cell, seconds) => sample(cell, { generator, meters, seconds });
  console.log('warming up …');
  for (const cell of measured) cell.warmUp = await sampleOf(cell, plan.warmUp);
  for (let round = 1; round <= plan.rounds; round += 1) {
    console.log(`round ${round} of ${plan.rounds} …`);
    for (const cell of measured) cell.samples.push(await sampleOf(cell, plan.seconds));
  }
  return measured;
}

/** One measurement. The server has its chains where they are left. */
export async function sample({ workload, server }, { generator, meters, seconds }) {
  const { child, children = [child], chains, ...target } = server;
  const { request, connections } = workload;
  const all = { ...meters, cpuPerAnswer: () => cpuOf(children) };
  const before = await read(all);
  generator.send({ request, target, chains, connections, seconds });
  const seen = await messageFrom(generator);
  const after = await read(all);
  const gone = children.find(
    ({ exitCode, signalCode }) => exitCode !== null || signalCode !== null,
  );
  if (gone) throw ended(gone);
  const { chains: next, ...numbers } = seen;
  server.chains = next;
  const perAnswer = Object.keys(all).map((name) => [
    name,
    (after[name] - before[name]) / numbers.answers,
  ]);
  return { ...numbers, ...Object.fromEntries(perAnswer) };
}

async function read(meters) {
  const values = {};
  for (const [name, meter] of Object.entries(meters)) values[name] = await meter();
  return values;
}

function cpuOf(children) {
  return children.reduce((sum, { pid }) => sum + cpuMicroseconds(pid), 0);
}
