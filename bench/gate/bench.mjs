import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Issuer } from '../guards/issuer.mjs';
import { pinning, workFolder } from '../machine/machine.mjs';
import { significant, table } from '../report/print.mjs';
import { failuresOf, ratios } from '../report/statistics.mjs';
import { planner } from '../suite/plan.mjs';
import { startGenerator, takeTurns, undoAll } from '../suite/stage.mjs';
import { startServers } from './servers.mjs';
import { entryFor, hasPassed, judgeTwice, majorOf, TOLERANCE, worksWith } from './verdict.mjs';

/** @typedef {import('../types.js').Cell} Cell */
/** @typedef {import('../types.js').Options} Options */
/** @typedef {import('../types.js').Plan} Plan */
/** @typedef {import('../types.js').Undo} Undo */
/** @typedef {import('./verdict.mjs').Ratios} Ratios */

/**
 * What is asked, and of which server.
 *
 * @type {Record<string, { request: string, of: 'auth' | 'known' | 'new' }>}
 */
const WORKS = {
  'key-set': { request: 'keySet', of: 'auth' },
  refresh: { request: 'rotation', of: 'auth' },
  'client-credentials': { request: 'clientCredentials', of: 'auth' },
  'authorization-code': { request: 'sessionCode', of: 'auth' },
  'read-known-token': { request: 'guardedCall', of: 'known' },
  'read-new-token': { request: 'guardedCall', of: 'new' },
};

const CONNECTIONS = 16;
const FULL = { rounds: 8, seconds: 0.4, warmUp: 1 };
const QUICK = { rounds: 3, seconds: 0.3, warmUp: 0.3 };
const planFrom = planner({ quick: QUICK, full: FULL, parts: Object.keys(WORKS) });

const RECORD = new URL('./record.json', import.meta.url);

/**
 * Compares the CPU time per answer of six works with the record. Resolves with the exit code.
 *
 * @param {Options} options
 */
export async function benchGate(options) {
  if (process.platform !== 'linux')
    throw new Error('The gate reads CPU times from /proc of Linux.');
  const plan = planFrom(options);
  /** @type {Undo[]} */
  const undo = [];
  try {
    const measure = await openGate(plan, options, undo);
    if (options.record) return record(await measure(plan.parts));
    return await check(measure, plan.parts);
  } finally {
    await undoAll(undo);
  }
}

/**
 * Starts the servers.
 *
 * @param {Plan} plan
 * @param {Options} options
 * @param {Undo[]} undo
 */
async function openGate(plan, options, undo) {
  const dir = workFolder(options.dir);
  const pins = pinning();
  const issuer = await Issuer.start({ algorithm: 'ES256' });
  undo.push(() => issuer.close());
  /** @type {Record<string, string>} */
  const settings = options.import ? { NODE_OPTIONS: `--import=${options.import}` } : {};
  const place = { dir, cpu: pins?.server, undo, settings };
  const isOfAuth = plan.parts.map((name) => WORKS[name].of === 'auth');
  const needs = { needsAuth: isOfAuth.includes(true), needsOrders: isOfAuth.includes(false) };
  const { product, bare } = await startServers(issuer, place, needs);
  const generator = await startGenerator({ dir, pins, undo });

  /** @param {string[]} works @returns {Promise<Ratios>} */
  return async (works) => {
    const cells = works.flatMap((name) => {
      const { request, of } = WORKS[name];
      const workload = { name, request, connections: CONNECTIONS };
      return [product, bare].map((servers) => ({ workload, server: servers[of] }));
    });
    const measured = await takeTurns(cells, { generator, plan });
    return Object.fromEntries(
      works.map((name, index) => [name, ratioOf(measured[2 * index], measured[2 * index + 1])]),
    );
  };
}

/**
 * NaN when a request failed, because the others say nothing then.
 *
 * @param {Cell} product
 * @param {Cell} bare
 */
function ratioOf(product, bare) {
  const all = [product, bare].flatMap(({ warmUp, samples }) => [warmUp, ...samples]);
  const { failures, firstFailure } = failuresOf(all);
  if (failures === 0) return ratios(product.samples, bare.samples, 'cpuPerAnswer').median;
  console.error(`${product.workload.name}: ${failures} requests failed. ${firstFailure}`);
  return Number.NaN;
}

/** @param {(works: string[]) => Promise<Ratios>} measure @param {string[]} works */
async function check(measure, works) {
  const { major, isOwn, entry } = entryFor(readRecord(), process.version);
  const rows = await judgeTwice(measure, works, entry?.ratios ?? {});
  console.log(`\nCPU time per answer ÷ that of bare Nest on Fastify, Node ${process.version}\n`);
  console.log(table(columns, /** @type {any[]} */ (rows)));
  if (entry) {
    console.log(
      `\nRecord: ${entry.commit}, ${entry.date}, Node ${entry.node}, limit × ${TOLERANCE}`,
    );
  }
  if (!isOwn) {
    console.log(
      `There is no record for Node ${majorOf(process.version)}: compared with Node ${major}.`,
    );
  }
  const faster = worksWith('record anew', rows);
  if (faster.length > 0) {
    console.log(
      `Far below the record: ${faster.join(', ')}. Run "npm run bench -- gate --record".`,
    );
  }
  return hasPassed(rows) ? 0 : 1;
}

/** @type {import('../types.js').Column[]} */
const columns = [
  ['work', ({ work }) => work],
  ['ratio', ({ ratio }) => significant(ratio)],
  ['record', ({ recorded }) => significant(recorded)],
  ['limit', ({ limit }) => significant(limit)],
  ['verdict', ({ verdict }) => verdict],
];

/** @returns {import('./verdict.mjs').GateRecord} */
function readRecord() {
  return existsSync(RECORD) ? JSON.parse(readFileSync(RECORD, 'utf8')) : {};
}

/** Works that were not measured keep their ratios. @param {Ratios} measured */
function record(measured) {
  if (Object.values(measured).some(Number.isNaN)) throw new Error('A failed work has no ratio.');
  const all = readRecord();
  const major = majorOf(process.version);
  const rounded = Object.entries(measured).map(([work, ratio]) => [work, Number(ratio.toFixed(2))]);
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' });
  all[major] = {
    commit: commit.stdout.trim(),
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    ratios: { ...all[major]?.ratios, ...Object.fromEntries(rounded) },
  };
  writeFileSync(RECORD, `${JSON.stringify(all, undefined, 2)}\n`);
  console.log(JSON.stringify(all[major], undefined, 2));
  return 0;
}
