import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyServer } from '../auth/filled-server.mjs';
import { cpuMicroseconds } from '../machine/machine.mjs';
import { printTables, significant } from '../report/print.mjs';

/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Stage} Stage */
/** @typedef {import('../types.js').Store} Store */

const TABLE = 'security_event';

/** Where the chain did not grow for so long, it does not grow. */
const PATIENCE_MS = 20_000;

/** @type {Column[]} */
const columns = [
  ['security events', ({ count, kind }) => `${count.toLocaleString('en')}, ${kind}`],
  ['bytes an event', ({ bytes }) => significant(bytes)],
  ['CPU µs to chain one', ({ cpu }) => significant(cpu)],
  ['PostgreSQL CPU µs', ({ databaseCpu }) => significant(databaseCpu)],
  ['chained in s', ({ seconds }) => significant(seconds)],
];

/**
 * What an event takes on the disk, and what it costs to put it into the chain: a backlog of them at once.
 *
 * @param {Stage} stage
 */
export async function measureEvents(stage) {
  const rows = [];
  for (const kind of ['sqlite', 'postgres']) rows.push(await measured(kind, stage));
  printTables(rows, { titleOf: () => 'What one security event costs', columns });
  return rows;
}

/** @param {string} kind @param {Stage} stage */
async function measured(kind, stage) {
  const count = stage.plan.events;
  const { server, store } = await emptyServer(kind, { ...stage, name: `events-${kind}` });
  const read = () => ({ cpu: cpuMicroseconds(server.child.pid), ...databaseCpu(kind, stage) });
  console.log(`chaining ${count.toLocaleString('en')} events on ${kind} …`);
  const before = read();
  const start = performance.now();
  await store.insert(TABLE, events(count));
  const seconds = (await isChained(store)) ? (performance.now() - start) / 1000 : Number.NaN;
  const after = read();
  await store.compact();
  return {
    name: `events, ${kind}`,
    kind,
    count,
    seconds,
    cpu: Number.isNaN(seconds) ? Number.NaN : (after.cpu - before.cpu) / count,
    databaseCpu: (after.database - before.database) / count,
    bytes: (await store.bytesOf(TABLE)) / count,
    failures: 0,
    aims: [],
  };
}

/** @param {string} kind @param {{ postgres: Stage['postgres'] }} options */
function databaseCpu(kind, { postgres }) {
  const database =
    kind === 'postgres' ? Number(postgres.meters.databaseCpuPerAnswer()) : Number.NaN;
  return { database };
}

/**
 * Waits for the server's own task to take in what it finds.
 *
 * @param {Store} store
 */
async function isChained(store) {
  let left = Infinity;
  let since = performance.now();
  while (performance.now() - since < PATIENCE_MS) {
    const [{ n }] = await store.query(`SELECT count(*) AS n FROM ${TABLE} WHERE seq IS NULL`);
    if (Number(n) === 0) return true;
    if (Number(n) < left) since = performance.now();
    left = Number(n);
    await sleep(100);
  }
  return false;
}

/**
 * As a login reports them.
 *
 * @param {number} count
 */
function* events(count) {
  const now = Date.now();
  for (let index = 0; index < count; index += 1) {
    const accountId = `acct_${randomBytes(16).toString('base64url')}`;
    const sessionId = randomBytes(16).toString('base64url');
    yield {
      id: randomBytes(16).toString('base64url'),
      at: now - count + index,
      type: 'family.begun',
      account_id: accountId,
      detail: JSON.stringify({ accountId, clientId: 'gatehouse-first-party', sessionId }),
    };
  }
}
