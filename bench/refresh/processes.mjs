import { filledServer } from '../auth/filled-server.mjs';
import { bootGatehouse } from '../auth/gatehouse.mjs';
import { stop } from '../machine/processes.mjs';
import { printTables, significant, spread } from '../report/print.mjs';
import { failuresOf, median, ratios } from '../report/statistics.mjs';
import { takeTurns } from '../suite/stage.mjs';
import { PROCESSES } from './plan.mjs';

/** @typedef {import('../types.js').Cell} Cell */
/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Place} Place */
/** @typedef {import('../types.js').Stage} Stage */
/** @typedef {import('../types.js').Undo} Undo */

const FAMILIES = 10_000;
const MOST = Math.max(...PROCESSES.map(({ processes }) => processes));
const MEDIANS = ['perSecond', 'p99', 'cpuPerAnswer', 'databaseCpuPerAnswer', 'clientBusy'];

/** @type {Column[]} */
const columns = [
  ['auth processes, connections', ({ processes, connections }) => `${processes}, ${connections}`],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['÷ one', ({ speed }) => spread(speed)],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['CPU µs, auth', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['÷ one', ({ cost }) => spread(cost)],
  ['CPU µs, PostgreSQL', ({ databaseCpuPerAnswer }) => significant(databaseCpuPerAnswer)],
  ['÷ one', ({ databaseCost }) => spread(databaseCost)],
  ['failed', ({ failures }) => String(failures)],
  ['client', ({ clientBusy }) => `${Math.round(clientBusy * 100)} %`],
];

/**
 * 1, 2 and 4 auth processes on one PostgreSQL; the generator's connections take them in turn. They are not pinned: the
 * question is what the machine gives when they share all of it, and whether they are in each other's way.
 *
 * @param {Stage} stage
 */
export async function measureProcesses(stage) {
  const unpinned = { ...stage, pins: undefined };
  const { server, place } = await filledServer({ kind: 'postgres', count: FAMILIES }, unpinned);
  const { chains, ...first } = server;
  const servers = [first, ...(await others(place, stage.undo))];
  const cells = PROCESSES.map(({ processes, connections }, group) => ({
    workload: { request: 'rotation', connections },
    processes,
    server: {
      ...first,
      children: servers.slice(0, processes).map(({ child }) => child),
      ports: servers.slice(0, processes).map(({ port }) => port),
      // Families of its own: a token that one group used is of no use to the others.
      chains: chains.filter((_, index) => index % PROCESSES.length === group),
    },
  }));
  const {
    generator,
    plan,
    postgres: { meters },
  } = stage;
  const rows = rowsOf(await takeTurns(cells, { generator, plan, meters }));
  printTables(rows, {
    titleOf: () => 'Several auth processes, one PostgreSQL',
    columns,
  });
  return rows;
}

/** @param {Place} place @param {Undo[]} undo */
async function others(place, undo) {
  const started = [];
  while (started.length < MOST - 1) {
    const server = await bootGatehouse({ ...place, name: `${place.name}-${started.length + 2}` });
    undo.push(() => stop(server.child));
    started.push(server);
  }
  return started;
}

/** @param {Cell[]} cells */
function rowsOf(cells) {
  const [one] = cells;
  return cells.map((cell) => {
    const { processes, workload, samples, warmUp } = cell;
    /** @param {string} field */
    const ratiosTo = (field) => (cell === one ? undefined : ratios(samples, one.samples, field));
    return {
      name: `${processes} auth processes, ${workload.connections} connections`,
      processes,
      connections: workload.connections,
      ...Object.fromEntries(MEDIANS.map((field) => [field, median(samples, field)])),
      speed: ratiosTo('perSecond'),
      cost: ratiosTo('cpuPerAnswer'),
      databaseCost: ratiosTo('databaseCpuPerAnswer'),
      ...failuresOf([warmUp, ...samples]),
      aims: [],
    };
  });
}
