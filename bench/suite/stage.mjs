import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  cpuMicroseconds,
  diskFacts,
  machineFacts,
  pinning,
  workFolder,
} from '../machine/machine.mjs';
import { startPostgres } from '../machine/postgres.mjs';
import { ended, messageFrom, start, stop } from '../machine/processes.mjs';
import { printFacts, printVerdict, saveResults } from '../report/print.mjs';

const GENERATOR = fileURLToPath(new URL('../load/generator.mjs', import.meta.url));

/**
 * Measures the parts of a suite, one after the other, and prints what comes out.
 * @param {{ name: string, packages: object, parts: Record<string, Function>, method: string }} suite a part starts its
 *   servers, measures them, prints its tables and resolves with its rows
 * @param {{ parts: string[] }} plan
 * @returns {Promise<number>} the exit code: 1 when any answer was not as it must be
 */
export async function onStage(suite, plan, options) {
  const dir = workFolder(options.dir);
  const undo = [];
  try {
    const postgres = await startPostgres(join(dir, 'postgres'));
    undo.push(() => postgres.stop());
    const pins = pinning();
    const facts = {
      ...(await machineFacts({ pins, ...suite.packages })),
      postgresql: postgres.version,
      ...diskFacts(dir),
    };
    printFacts(facts, suite.method);
    const generator = await startGenerator({ dir, pins, undo });
    const stage = { dir, pins, postgres, generator, plan };
    const rows = [];
    for (const part of plan.parts)
      rows.push(...(await measured(suite.parts[part], { part, stage, options })));
    printVerdict(rows, facts);
    if (options.json) saveResults(suite.name, { facts, plan, rows });
    return rows.some(({ failures }) => failures > 0) ? 1 : 0;
  } finally {
    await undoAll(undo);
  }
}

/** The servers of a part are gone before the next one begins. */
async function measured(measure, { part, stage, options }) {
  console.log(`\n## ${part}\n`);
  const undo = [];
  const dir = join(stage.dir, part);
  mkdirSync(dir);
  try {
    return await measure({ ...stage, dir, undo }, options);
  } finally {
    await undoAll(undo);
  }
}

async function undoAll(steps) {
  for (const step of steps.reverse()) await step();
}

/** A process that makes load; it stops when the stage is undone. */
export async function startGenerator({ dir, pins, undo }) {
  const log = join(dir, 'generator.log');
  const generator = start({ script: GENERATOR, cpu: pins?.client, log });
  undo.push(() => stop(generator));
  await messageFrom(generator);
  return generator;
}

/**
 * Every server does every workload in every round, in turn (A B C … A B C …), so that what the machine does meanwhile
 * falls on all of them. A round of warming up comes first and is not counted.
 *
 * @template Cell
 * @param {Cell[]} cells each a `workload` and the `server` that does it, which may be several processes (`children`)
 * @param {{ generator: any, plan: any, meters?: Record<string, () => number | Promise<number>> }} how a meter
 *   counts something that only grows; a sample has what it grew by per answer
 * @returns {Promise<(Cell & { samples: any[], warmUp: any })[]>}
 */
export async function takeTurns(cells, { generator, plan, meters = {} }) {
  /** @type {(Cell & { samples: any[], warmUp: any })[]} */
  const measured = cells.map((cell) => ({ ...cell, samples: [], warmUp: undefined }));
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
