import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { filledServer } from '../../auth/filled-server.mjs';
import { cpuMicroseconds } from '../../machine/machine.mjs';
import { messageFrom, start, stop } from '../../machine/processes.mjs';
import { middleHalf, printTables, significant } from '../../report/print.mjs';
import { failuresOf, median, quartiles } from '../../report/statistics.mjs';
import { takeTurns } from '../../suite/stage.mjs';

/** @typedef {import('../../machine/processes.mjs').Child} Child */
/** @typedef {import('../../types.js').Column} Column */
/** @typedef {import('../../types.js').Pins} Pins */
/** @typedef {import('../../types.js').Plan} Plan */
/** @typedef {import('../../types.js').Server} Server */
/** @typedef {import('../../types.js').Stage} Stage */
/** @typedef {import('../../types.js').Store} Store */

const GUARDS = fileURLToPath(new URL('./guards.mjs', import.meta.url));

/**
 * What it costs to tell of ended sessions, and to know of them.
 *
 * @param {Stage} stage
 */
export async function measureStatusList(stage) {
  const published = await measurePublishing(stage);
  printTables(published, { titleOf: () => 'Publishing a status list', columns: listColumns });
  const known = await inGuards(stage);
  printTables(known, { titleOf: () => 'Asking it, on remembered tokens', columns: guardColumns });
  return [...published, ...known];
}

/**
 * In a process of its own, on one CPU.
 *
 * @param {Stage} stage
 */
async function inGuards({ dir, pins, plan }) {
  const child = start({ script: GUARDS, cpu: pins?.server, log: join(dir, 'guards.log') });
  try {
    child.send(plan);
    return await messageFrom(child);
  } finally {
    await stop(child);
  }
}

const LIST = '/oauth/status-lists/1';

/** Shares of all sessions that ended within the hour: none; an ordinary hour; all of one large client. */
const SHARES = [0, 0.002, 0.02, 0.2];

const WORKLOADS = [
  { request: 'statusList', connections: 16 },
  { request: 'statusListAgain', connections: 16 },
];

/**
 * A list of very many sessions: made anew after each end of one, and asked for by many.
 *
 * @param {Stage} stage
 */
export async function measurePublishing(stage) {
  const rows = [];
  for (const kind of ['sqlite', 'postgres']) {
    const count = stage.plan.sessions;
    const { server, store } = await filledServer({ kind, count }, stage);
    for (const share of SHARES)
      rows.push(await measured({ kind, count, share, server, store }, stage));
  }
  return rows;
}

/**
 * @param {{ kind: string, count: number, share: number, server: Server, store: Store }} options
 * @param {{ generator: Child, plan: Plan }} more
 */
async function measured({ kind, count, share, server, store }, { generator, plan }) {
  const ended = Math.round(count * share);
  console.log(`a list in which ${ended.toLocaleString('en')} of ${kind} ended …`);
  await endSessions(store, ended);
  const samples = [];
  for (let round = 0; round <= plan.rounds; round += 1) {
    const seen = await changed({ server, store });
    if (round > 0) samples.push(seen);
  }
  const target = {
    ...server,
    listPath: LIST,
    listTag: samples[samples.length - 1].tag,
    chains: [],
  };
  const cells = WORKLOADS.map((workload) => ({ workload, server: target }));
  const short = { ...plan, rounds: 3 };
  const [first, again] = await takeTurns(cells, { generator, plan: short });
  return {
    name: `status list, ${ended} of ${count} ended, ${kind}`,
    kind,
    count,
    ended,
    query: quartiles(samples, 'query'),
    build: quartiles(samples, 'build'),
    cpu: quartiles(samples, 'cpu'),
    bytes: samples[samples.length - 1].bytes,
    perSecond: median(first.samples, 'perSecond'),
    againPerSecond: median(again.samples, 'perSecond'),
    memory: residentBytes(server.child.pid),
    ...failuresOf([...first.samples, ...again.samples]),
    aims: [],
  };
}

/**
 * So many ended a minute ago, and no others.
 *
 * @param {Store} store
 * @param {number} count
 */
async function endSessions(store, count) {
  const at = Date.now() - 60_000;
  await store.execute(
    `UPDATE refresh_token_family SET ended_at = NULL, end_reason = NULL WHERE ended_at IS NOT NULL`,
  );
  await store.execute(
    `UPDATE refresh_token_family SET ended_at = ${at}, end_reason = 'client_disabled'
     WHERE id IN (SELECT id FROM refresh_token_family ORDER BY id LIMIT ${count})`,
  );
  await store.settle();
}

/**
 * Ends one more session, and waits for the list that has it.
 *
 * @param {{ server: Server, store: Store }} options
 */
async function changed({ server, store }) {
  const query = await queryTime(store);
  const known = await fetchList(server);
  await store.execute(
    `UPDATE refresh_token_family SET ended_at = ${Date.now()}, end_reason = 'logout'
     WHERE id = (SELECT id FROM refresh_token_family WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1)`,
  );
  for (;;) {
    const before = cpuMicroseconds(server.child.pid);
    const seen = await fetchList(server);
    const cpu = (cpuMicroseconds(server.child.pid) - before) / 1000;
    if (seen.tag !== known.tag) return { query, cpu, ...seen };
    await sleep(200);
  }
}

/** @param {Store} store */
async function queryTime(store) {
  const start = performance.now();
  await store.query(
    `SELECT status_index FROM refresh_token_family
     WHERE ended_at > ${Date.now() - 3_600_000} AND status_index IS NOT NULL`,
  );
  return performance.now() - start;
}

/** @param {{ port: number }} options */
async function fetchList({ port }) {
  const start = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}${LIST}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`GET ${LIST}: ${answer.status} ${text}`);
  return { build: performance.now() - start, tag: answer.headers.get('etag'), bytes: text.length };
}

/**
 * NaN where there is no /proc.
 *
 * @param {number | undefined} pid
 */
function residentBytes(pid) {
  try {
    return 1024 * Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return Number.NaN;
  }
}

/** @param {number} value */
const whole = (value) => Math.round(value).toLocaleString('en');

/** @type {Column[]} */
export const listColumns = [
  [
    'ended within the hour',
    ({ ended, count, kind }) => `${whole(ended)} of ${whole(count)}, ${kind}`,
  ],
  ['query ms', ({ query }) => significant(query.median)],
  ['new list ms', ({ build }) => middleHalf(build)],
  ['CPU ms', ({ cpu }) => middleHalf(cpu)],
  ['bytes', ({ bytes }) => whole(bytes)],
  ['answers/s', ({ perSecond }) => whole(perSecond)],
  ['304/s', ({ againPerSecond }) => whole(againPerSecond)],
  ['server MiB', ({ memory }) => whole(memory / 2 ** 20)],
  ['failed', ({ failures }) => String(failures)],
];

/** @type {Column[]} */
export const guardColumns = [
  ['token', ({ name }) => name],
  ['CPU µs', ({ microseconds }) => significant(microseconds)],
  ['more than without, ns', ({ more }) => (more ? middleHalf(more) : '')],
  ['bytes a list', ({ bytesAList }) => (bytesAList ? whole(bytesAList) : '')],
];
