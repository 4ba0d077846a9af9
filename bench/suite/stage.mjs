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

/** @typedef {import('../types.js').Cell} Cell */
/** @typedef {import('../machine/processes.mjs').Child} Child */
/** @typedef {import('../types.js').Options} Options */
/** @typedef {import('../types.js').Pins} Pins */
/** @typedef {import('../types.js').Server} Server */
/** @typedef {import('../types.js').Stage} Stage */
/** @typedef {import('../types.js').Undo} Undo */
/** @typedef {import('../types.js').Workload} Workload */

/** @typedef {import('../types.js').Plan} Plan */
/** @typedef {import('../types.js').Meters} Meters */
/** @typedef {import('../types.js').Row} Row */
/**
 * A part starts its servers, measures them, prints its tables and resolves with its rows.
 *
 * @typedef {(stage: Stage, options: Options) => Promise<Row[]>} Part
 */

const GENERATOR = fileURLToPath(new URL('../load/generator.mjs', import.meta.url));

/**
 * Measures the parts of a suite, one after the other, and prints what comes out.
 *
 * @param {{ name: string, packages: { peers: string[], own: string[] }, parts: Record<string, Part>, method: string }} suite
 * @param {Plan} plan
 * @param {Options} options
 * @returns {Promise<number>} the exit code: 1 when any answer was not as it must be
 */
export async function onStage(suite, plan, options) {
  const dir = workFolder(options.dir);
  /** @type {Undo[]} */
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
    /** @type {Row[]} */
    const rows = [];
    for (const part of plan.parts)
      rows.push(...(await measured(suite.parts[part], { part, stage, options })));
    printVerdict(rows, facts);
    if (options.json) saveResults(suite.name, { facts, plan, rows });
    return rows.some(({ failures = 0 }) => failures > 0) ? 1 : 0;
  } finally {
    await undoAll(undo);
  }
}

/**
 * The servers of a part are gone before the next one begins.
 *
 * @param {Part} measure
 * @param {{ part: string, stage: Omit<Stage, 'undo'>, options: Options }} options
 */
async function measured(measure, { part, stage, options }) {
  console.log(`\n## ${part}\n`);
  /** @type {Undo[]} */
  const undo = [];
  const dir = join(stage.dir, part);
  mkdirSync(dir);
  try {
    return await measure({ ...stage, dir, undo }, options);
  } finally {
    await undoAll(undo);
  }
}

/** @param {Undo[]} steps */
export async function undoAll(steps) {
  for (const step of steps.reverse()) await step();
}

/**
 * A process that makes load; it stops when the stage is undone.
 *
 * @param {{ dir: string, pins: Pins | undefined, undo: Undo[] }} options
 */
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
 * @param {Omit<Cell, 'samples'>[]} cells each a workload and the server that does it, which may be several processes
 * @param {{ generator: Child, plan: { rounds: number, seconds: number, warmUp: number }, meters?: Meters }} how a sample
 *   has the growth of each meter per answer
 * @returns {Promise<Cell[]>}
 */
export async function takeTurns(cells, { generator, plan, meters = {} }) {
  const measured = cells.map(
    (cell) => /** @type {Cell} */ (/** @type {unknown} */ ({ ...cell, samples: [] })),
  );
  /** @param {Cell} cell @param {number} seconds */
  const sampleOf = (cell, seconds) => sample(cell, { generator, meters, seconds });
  console.log('warming up …');
  for (const cell of measured) cell.warmUp = await sampleOf(cell, plan.warmUp);
  for (let round = 1; round <= plan.rounds; round += 1) {
    console.log(`round ${round} of ${plan.rounds} …`);
    for (const cell of measured) cell.samples.push(await sampleOf(cell, plan.seconds));
  }
  return measured;
}

/**
 * One measurement. The server has its chains where they are left.
 *
 * @param {{ workload: Workload, server: Server }} options
 * @param {{ generator: Child, meters: Meters, seconds: number }} more
 */
export async function sample({ workload, server }, { generator, meters, seconds }) {
  const { child, children = [child], chains, ...target } = server;
  const { request, connections } = workload;
  /** @type {Meters} */
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

/** @param {Meters} meters */
async function read(meters) {
  /** @type {Record<string, number>} */
  const values = {};
  for (const [name, meter] of Object.entries(meters)) values[name] = await meter();
  return values;
}

/** @param {Child[]} children */
function cpuOf(children) {
  return children.reduce((sum, { pid }) => sum + cpuMicroseconds(pid), 0);
}
