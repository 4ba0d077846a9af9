import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../tools/terminal/processes.mjs';
import { cpuMicroseconds, workFolder } from '../machine/machine.mjs';
import { ended, start, stop } from '../machine/processes.mjs';
import { median } from '../report/statistics.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const APPS = ['auth', 'orders', 'billing'];
const REQUESTS = 1_000;

/** @typedef {{ ready: number, cpu: number, atReady: number, afterRequests: number }} Run milliseconds and megabytes */

/**
 * What a start of each built app costs, with a new SQLite file and with an existing one, in turn. Resolves with the exit code.
 *
 * @param {{ quick?: boolean, rounds?: string }} options
 */
export async function benchStart({ quick = false, rounds = quick ? '3' : '7' }) {
  const folder = workFolder();
  /** @type {Record<string, Run[]>} */
  const runs = {};
  try {
    for (let round = 0; round < Number(rounds); round += 1) {
      for (const app of APPS) {
        for (const file of ['new file', 'existing file']) {
          const run = await startOnce(app, join(folder, `${app}-${round}`));
          (runs[`${app}, ${file}`] ??= []).push(run);
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`medians of ${rounds} rounds, Node ${process.version}; MB of resident memory\n`);
  console.table(Object.fromEntries(Object.entries(runs).map(([name, all]) => [name, row(all)])));
  return 0;
}

/** @param {string} app @param {string} dataDir @returns {Promise<Run>} */
async function startOnce(app, dataDir) {
  const port = await freePort();
  const env = { NODE_ENV: 'development', LOG_LEVEL: 'warn', DATA_DIR: dataDir, PORT: String(port) };
  const script = join(root, `apps/${app}/dist/main.js`);
  const begin = performance.now();
  const child = start({ script, env, log: `${dataDir}.log` });
  const url = `http://127.0.0.1:${port}/health/live`;
  try {
    while (!(await answers(url))) if (child.exitCode !== null) throw ended(child);
    const ready = performance.now() - begin;
    const pid = Number(child.pid);
    const [cpu, atReady] = [cpuMicroseconds(pid) / 1000, residentMegabytes(pid)];
    for (let request = 0; request < REQUESTS; request += 1) await answers(url);
    return { ready, cpu, atReady, afterRequests: residentMegabytes(pid) };
  } finally {
    await stop(child);
  }
}

/** @param {Run[]} all */
const row = (all) => ({
  'ms to ready': Math.round(median(all, 'ready')),
  'ms of CPU': Math.round(median(all, 'cpu')),
  'MB at ready': Math.round(median(all, 'atReady')),
  'MB after 1,000 requests': Math.round(median(all, 'afterRequests')),
});

/** @param {string} url */
async function answers(url) {
  try {
    const response = await fetch(url);
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

/** @param {number} pid */
function residentMegabytes(pid) {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
