import { filledServer } from '../auth/filled-server.mjs';
import { register } from '../auth/gatehouse.mjs';
import { overHttp } from '../guards/route/measure.mjs';
import { middleHalf, printTables, significant } from '../report/print.mjs';
import { failuresOf, median, quartiles } from '../report/statistics.mjs';
import { takeTurns } from '../suite/stage.mjs';

/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Pins} Pins */
/** @typedef {import('../types.js').Stage} Stage */
/** @typedef {import('../types.js').Store} Store */

const FAMILIES = 10_000;

const WORKLOADS = [
  // Two passwords are hashed at a time.
  { name: 'login', request: 'login', connections: 2 },
  { name: 'refresh', request: 'rotation', connections: 16 },
];

/** The smallest Nest application, without and with a guard: the difference is the guard's. */
const GUARDED = [
  { platform: 'fastify', guard: 'none' },
  { platform: 'fastify', guard: 'gatehouse' },
];

/** @type {Column[]} */
const columns = [
  ['one', ({ name }) => name],
  ['CPU µs', ({ cpu }) => middleHalf(cpu)],
  ['a second of one CPU', ({ cpu }) => Math.round(1e6 / cpu.median).toLocaleString('en')],
  ['PostgreSQL CPU µs', ({ databaseCpu }) => significant(databaseCpu)],
  ['its log, bytes', ({ logBytes }) => significant(logBytes)],
  ['failed', ({ failures }) => String(failures)],
];

/** @type {Column[]} */
const diskColumns = [
  ['one', ({ name }) => name],
  ['bytes, with indexes', ({ bytes }) => significant(bytes)],
];

/**
 * What one login, one refresh and one guarded call take of a processor, and one session of the disk.
 *
 * @param {Stage} stage
 */
export async function measureCosts(stage) {
  const { rows: ofServer, disk } = await ofAuth(stage);
  const rows = [...ofServer, ...(await ofGuards(stage))];
  printTables(rows, { titleOf: () => 'What one of each costs', columns });
  printTables(disk, { titleOf: () => 'What one of each takes on the disk', columns: diskColumns });
  return [...rows, ...disk];
}

/** @param {Stage} stage */
async function ofAuth(stage) {
  const { generator, plan, postgres } = stage;
  const rows = [];
  const disk = [];
  for (const kind of ['sqlite', 'postgres']) {
    const { server, store } = await filledServer({ kind, count: FAMILIES }, stage);
    disk.push(...(await diskRows(kind, store)));
    await register(server.port);
    const cells = WORKLOADS.map((workload) => ({ workload, server }));
    const meters = kind === 'postgres' ? postgres.meters : {};
    const measured = await takeTurns(cells, { generator, plan, meters });
    rows.push(...measured.map((cell) => rowOf(`${cell.workload.name}, ${kind}`, cell)));
  }
  return { rows, disk };
}

/** @param {string} kind @param {Store} store */
async function diskRows(kind, store) {
  await store.compact();
  const tables = [
    ['session', 'refresh_token_family'],
    ['account', 'account'],
  ];
  const rows = [];
  for (const [what, table] of tables) {
    const [{ n }] = await store.query(`SELECT count(*) AS n FROM ${table}`);
    const bytes = (await store.bytesOf(table)) / Number(n);
    rows.push({ name: `${what}, ${kind}`, bytes, aims: [] });
  }
  return rows;
}

/** @param {Stage} stage */
async function ofGuards({ dir, pins, plan: { rounds, seconds, warmUp } }) {
  // A measurement with new tokens needs as many of them beforehand as the server can check in that time.
  const plan = { rounds, route: { seconds: seconds / 3, warmUp: warmUp / 3 } };
  const cells = await overHttp('ES256', { plan, place: { dir, pins }, lineUp: GUARDED });
  return cells.map((cell) =>
    rowOf(`call, ${cell.guard === 'none' ? 'unguarded' : 'guarded'}, ${cell.scenario}`, cell),
  );
}

/** @param {string} name @param {{ samples: any[], warmUp?: any }} cell */
function rowOf(name, { samples, warmUp }) {
  return {
    name,
    cpu: quartiles(samples, 'cpuPerAnswer'),
    perSecond: median(samples, 'perSecond'),
    databaseCpu: median(samples, 'databaseCpuPerAnswer'),
    logBytes: median(samples, 'logBytesPerAnswer'),
    ...failuresOf(warmUp ? [warmUp, ...samples] : samples),
    aims: [],
  };
}
