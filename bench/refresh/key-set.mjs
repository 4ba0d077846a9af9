import { printTables, significant, spread } from '../report/print.mjs';
import { failuresOf, find, median, ratios } from '../report/statistics.mjs';
import { takeTurns } from '../suite/stage.mjs';
import { startServer } from './peers.mjs';

/** @typedef {import('../types.js').Cell} Cell */
/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Stage} Stage */
/** @typedef {import('../types.js').Workload} Workload */

const FIRST = { name: 'for the first time', request: 'keySet', connections: 16 };
const AGAIN = { name: 'with If-None-Match', request: 'keySetAgain', connections: 16 };

/** @type {Column[]} */
const columns = [
  ['key set, 16 connections', ({ name }) => name],
  ['answer', ({ answer }) => answer],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['CPU µs', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['÷ first time', ({ toFirst }) => spread(toFirst)],
  ['÷ oidc-provider', ({ toPeer }) => spread(toPeer)],
  ['failed', ({ failures }) => String(failures)],
  ['client', ({ clientBusy }) => `${Math.round(clientBusy * 100)} %`],
];

/**
 * The key set, asked for the first time and by who has it already, beside oidc-provider's.
 *
 * @param {Stage} stage
 */
export async function measureKeySet(stage) {
  /** @type {any[]} */
  const servers = [];
  for (const software of ['gatehouse', 'oidc-provider']) {
    const server = await startServer({ software, store: 'sqlite' }, stage);
    servers.push({ ...server, ...(await tagOf(server)) });
  }
  const workloads = [FIRST, AGAIN];
  const cells = workloads.flatMap((workload) => servers.map((server) => ({ workload, server })));
  const answered = [];
  for (const cell of cells) answered.push({ ...cell, answer: await answerTo(cell) });
  const { generator, plan } = stage;
  const rows = rowsOf(await takeTurns(answered, { generator, plan }));
  printTables(rows, { titleOf: () => 'The key set, asked again', columns });
  return rows;
}

/**
 * Where a server gives no tag the condition is never met, and it answers in full.
 *
 * @param {{ port: number, jwksPath: string }} options
 */
async function tagOf({ port, jwksPath }) {
  const answer = await fetch(`http://127.0.0.1:${port}${jwksPath}`);
  await answer.text();
  return { keySetTag: answer.headers.get('etag') ?? '"none"' };
}

/**
 * What one answer is: said in the table, because it explains the difference.
 *
 * @param {{ workload: Workload, server: any }} options
 */
async function answerTo({ workload, server: { port, jwksPath, keySetTag } }) {
  /** @type {Record<string, string>} */
  const headers = workload === AGAIN ? { 'if-none-match': keySetTag } : {};
  const answer = await fetch(`http://127.0.0.1:${port}${jwksPath}`, { headers });
  const { byteLength } = await answer.arrayBuffer();
  return `${answer.status}, ${byteLength.toLocaleString('en')} bytes`;
}

/** @param {Cell[]} cells */
function rowsOf(cells) {
  /** @param {string} software @param {Workload} workload */
  const samplesOf = (software, workload) =>
    find(cells, (cell) => cell.server.software === software && cell.workload === workload).samples;
  return cells.map(({ workload, server: { software }, answer, samples, warmUp }) => {
    const isPeer = software === 'oidc-provider';
    return {
      name: `${software}, ${workload.name}`,
      answer,
      ...Object.fromEntries(
        ['perSecond', 'p99', 'cpuPerAnswer', 'clientBusy'].map((f) => [f, median(samples, f)]),
      ),
      toFirst: workload === FIRST ? undefined : ratios(samples, samplesOf(software, FIRST)),
      toPeer: isPeer ? undefined : ratios(samples, samplesOf('oidc-provider', workload)),
      ...failuresOf([warmUp, ...samples]),
      aims: [],
    };
  });
}
