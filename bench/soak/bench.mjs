import { machineFacts, workFolder } from '../machine/machine.mjs';
import { positive } from '../suite/plan.mjs';
import { printFacts, printTables, printVerdict, saveResults } from '../report/print.mjs';
import { startApps } from './apps.mjs';
import { lowest, watch } from './gauges.mjs';
import { keepUp } from './load.mjs';
import { columns, resultsOf } from './results.mjs';

/** @typedef {import('../types.js').Options} Options */

const PER_SECOND = 50;
const MINUTES = 30;
/** Of the run, at its beginning: caches fill and code is compiled. */
const WARM_UP = 1 / 3;
const SAMPLES = 360;
const PACKAGES = { peers: [], own: ['@nestjs/core', 'fastify', 'typeorm', 'better-sqlite3'] };

/**
 * Hours in minutes: the three apps as they are shipped, under a constant load that is far from their limit. Resolves with
 * the exit code: 1 when memory grew, handles stayed or an answer was not 2xx.
 *
 * @param {Options} options
 */
export async function benchSoak(options) {
  const seconds = minutesOf(options) * 60;
  const dir = workFolder(options.dir);
  /** @type {import('../types.js').Undo[]} */
  const undo = [];
  try {
    const facts = await machineFacts(PACKAGES);
    printFacts(facts, `${PER_SECOND} requests/s for ${seconds} s, ${percent(WARM_UP)} % warm-up`);
    const apps = await startApps(dir, undo);
    const run = await soak(apps, seconds);
    const rows = resultsOf(run, seconds * WARM_UP);
    printTables(rows, { titleOf: ({ app }) => app, columns });
    console.log(
      `\n${run.load.answers} answers, ${run.load.skipped} left out, because every user was waiting for an answer.`,
    );
    printVerdict([...rows, { name: 'load', ...run.load, aims: [] }], facts);
    if (options.json) saveResults('soak', { facts, seconds, run, rows });
    return run.load.failures > 0 || rows.some(({ isBad }) => isBad) ? 1 : 0;
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** @param {Awaited<ReturnType<typeof startApps>>} apps @param {number} seconds */
async function soak(apps, seconds) {
  // After this, all apps have their connections to each other and are idle.
  await keepUp(apps, { perSecond: PER_SECOND, seconds: 5 });
  const before = await lowest(apps.all);
  const watching = watch(apps.all, (seconds * 1000) / SAMPLES);
  const load = await keepUp(apps, { perSecond: PER_SECOND, seconds });
  const samples = await watching.stop();
  // Apps keep their connections to each other for more than a minute (keepAliveTimeout).
  const after = await lowest(apps.all, { looks: 900, enough: before });
  return { load, samples, before, after };
}

/** @param {Options} options */
const minutesOf = ({ minutes, quick }) =>
  minutes ? positive(minutes, 'minutes') : quick ? 2 : MINUTES;

/** @param {number} share */
const percent = (share) => Math.round(share * 100);
