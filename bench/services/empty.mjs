import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { printTables, significant, spread } from '../report/print.mjs';
import { atMost, failuresOf, find, median, ratios, words } from '../report/statistics.mjs';
import { takeTurns } from '../suite/stage.mjs';

/** @typedef {import('../types.js').Cell} Cell */
/** @typedef {import('../types.js').Stage} Stage */

const SCRIPT = fileURLToPath(new URL('./empty-server.mjs', import.meta.url));

const WORKLOAD = { name: 'an empty handler', request: 'read', connections: 16 };

/** What a request may cost, as a ratio of CPU time to the bare route. */
const AIMS = { service: 1.25, 'service, metrics and traces': 1.4 };

const VARIANTS = [
  'fastify',
  'service',
  'service, logs',
  'service, origins',
  'service, metrics',
  'service, metrics and traces',
];

/**
 * What a request pays for the service around its handler.
 *
 * @param {Stage} stage
 */
export async function measureEmpty({ dir, pins, undo, generator, plan }) {
  const collector = await startCollector();
  undo.push(() => collector.close());
  const servers = [];
  for (const name of VARIANTS) {
    const log = `${dir}/${name}.log`;
    const child = start({ script: SCRIPT, args: [name, collector.url], cpu: pins?.server, log });
    undo.push(() => stop(child));
    servers.push({ name, child, chains: [], path: '/empty', ...(await messageFrom(child)) });
  }
  const cells = servers.map((server) => ({ workload: WORKLOAD, server }));
  const rows = results(await takeTurns(cells, { generator, plan }));
  printTables(rows, { titleOf: ({ workload }) => workload, columns });
  return rows;
}

/** Accepts spans (OTLP over HTTP) and forgets them, in the process of the suite. */
async function startCollector() {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.end('{}'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** @param {Cell[]} cells */
function results(cells) {
  const bare = find(cells, ({ server }) => server.name === 'fastify').samples;
  return cells.map(({ workload, server: { name }, samples, warmUp }) => {
    const toBare = ratios(samples, bare, 'cpuPerAnswer');
    const aim = AIMS[/** @type {keyof typeof AIMS} */ (name)];
    return {
      name,
      workload: workload.name,
      perSecond: median(samples, 'perSecond'),
      cpuPerAnswer: median(samples, 'cpuPerAnswer'),
      clientBusy: median(samples, 'clientBusy'),
      toBare,
      ...failuresOf([warmUp, ...samples]),
      aims: aim === undefined ? [] : [atMost(aim, toBare.median, ' ×')],
    };
  });
}

/** @type {import('../types.js').Column[]} */
const columns = [
  ['an empty handler on', ({ name }) => name],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['CPU µs', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['÷ fastify', ({ toBare }) => spread(toBare)],
  ['aim', ({ aims }) => words(aims)],
  ['client', ({ clientBusy }) => `${Math.round(clientBusy * 100)} %`],
];
