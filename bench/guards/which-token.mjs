/** `npm run bench -- which-token`: five ways to protect one route, for docs/which-token.md. */
import Database from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PUBLIC_CLIENT, startGatehouse } from '../auth/gatehouse.mjs';
import { cpuMicroseconds, machineFacts, pinning, workFolder } from '../machine/machine.mjs';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { printFacts, printTables } from '../report/print.mjs';

/** @typedef {{ access: string, refresh: string }} Login */
/** @typedef {{ way: string, child: import('../machine/processes.mjs').Child, port: number, logIn: () => Promise<Login>, revoke: (login: Login) => Promise<void> }} Service */

const WAYS = ['jwt', 'status list', 'introspection', 'introspection, no cache', 'session'];
const TOKENS = 64;
const CONNECTIONS = 16;
const AUDIENCE = 'http://localhost:3001';
/** Longer than any of the delays except that of a JWT alone, which ends with the token. */
const OUTAGE_SECONDS = 15;

/** @param {import('../types.js').Options} options */
export async function benchWhichToken({ quick, seconds = '3', dir }) {
  const place = { dir: workFolder(dir), pins: pinning() };
  const lifetime = quick ? 60 : 300;
  const facts = await machineFacts({ pins: place.pins, peers: [], own: ['@nestjs/core'] });
  printFacts(
    facts,
    `${seconds} s on ${CONNECTIONS} connections, ${TOKENS} tokens, access tokens of ${lifetime} s`,
  );
  const auth = await startGatehouse(
    { name: 'auth', databaseUrl: undefined, dir: place.dir, cpu: place.pins?.client },
    { SEED_DEMO: 'true', ACCESS_TOKEN_TTL: String(lifetime) },
  );
  /** @type {Service[]} */
  const services = [];
  for (const way of WAYS) services.push(await startService(way, auth, place));
  const revocations = services.map(measureRevocation);
  const generator = start({
    script: fileURLToPath(new URL('../load/generator.mjs', import.meta.url)),
    log: join(place.dir, 'generator.log'),
  });
  await messageFrom(generator);
  /** @type {any[]} */
  const rows = [];
  for (const service of services) {
    const cost = await measureCost(service, { generator, auth, seconds: Number(seconds) });
    rows.push({ ...cost, way: service.way });
  }
  for (const [i, delay] of (await Promise.all(revocations)).entries()) rows[i].delay = delay;
  const outages = await measureOutage(services, auth);
  outages.forEach((outage, i) => Object.assign(rows[i], outage));
  await Promise.all([generator, ...services.map(({ child }) => child)].map(stop));
  printTables(rows, { titleOf: () => 'GET /orders, Fastify', columns: COLUMNS });
  return rows.some(({ failures }) => failures > 0) ? 1 : 0;
}

/** @type {import('../types.js').Column[]} */
const COLUMNS = [
  ['way', (row) => row.way],
  ['until a revocation takes effect, s', (row) => row.delay.toFixed(2)],
  ['CPU µs per request', (row) => row.cpu.toFixed(0)],
  ['p50 ms', (row) => row.p50.toFixed(2)],
  ['CPU µs of auth per request', (row) => row.authCpu.toFixed(1)],
  ['auth down: used token', (row) => String(row.used)],
  ['auth down: new token', (row) => String(row.unused)],
];

/** @param {string} way @param {any} auth @param {any} place @returns {Promise<Service>} */
async function startService(way, auth, { dir, pins }) {
  const authOrigin = `http://127.0.0.1:${auth.port}`;
  const sessions = join(dir, 'sessions.sqlite');
  const database = new Database(sessions);
  database.exec('CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, subject TEXT NOT NULL)');
  const settings = {
    issuer: 'http://localhost:3000',
    audience: AUDIENCE,
    client: auth.service,
    authOrigin,
    sessions,
  };
  const script = fileURLToPath(new URL('./which-token-server.mjs', import.meta.url));
  const log = join(dir, `${way}.log`);
  const child = start({ script, args: [way, JSON.stringify(settings)], cpu: pins?.server, log });
  const own = {
    logIn: async () => {
      const access = randomUUID();
      database.prepare('INSERT INTO session VALUES (?, ?)').run(access, 'alice');
      return { access, refresh: '' };
    },
    /** @param {Login} login */
    revoke: async ({ access }) =>
      void database.prepare('DELETE FROM session WHERE id = ?').run(access),
  };
  const byAuth = {
    logIn: async () => {
      const { access_token, refresh_token } = await post(
        `${authOrigin}/auth/login`,
        JSON.stringify(auth.credentials),
      );
      return { access: access_token, refresh: refresh_token };
    },
    /** @param {Login} login */
    revoke: ({ refresh }) =>
      post(
        `${authOrigin}/oauth/revoke`,
        new URLSearchParams({ token: refresh, client_id: PUBLIC_CLIENT }),
      ),
  };
  return { way, child, ...(await messageFrom(child)), ...(way === 'session' ? own : byAuth) };
}

/** Seconds between the answer to the revocation and the first 401. @param {Service} service */
async function measureRevocation({ way, port, logIn, revoke }) {
  const login = await logIn();
  if ((await call(port, login.access)) !== 200) throw new Error(`${way} refuses a valid token`);
  await revoke(login);
  const revokedAt = performance.now();
  while ((await call(port, login.access)) !== 401) await sleep(20);
  return (performance.now() - revokedAt) / 1000;
}

/** @param {Service} service @param {{ generator: any, auth: any, seconds: number }} run */
async function measureCost({ port, child, logIn }, { generator, auth, seconds }) {
  const tokens = [];
  while (tokens.length < TOKENS) tokens.push((await logIn()).access);
  const job = { request: 'guardedCall', connections: CONNECTIONS, target: { port, tokens } };
  generator.send({ ...job, seconds }); // Warm-up.
  await messageFrom(generator);
  const before = [child, auth.child].map(({ pid }) => cpuMicroseconds(pid));
  generator.send({ ...job, seconds });
  const { answers, p50, failures } = await messageFrom(generator);
  const [cpu, authCpu] = [child, auth.child].map(
    ({ pid }, i) => (cpuMicroseconds(pid) - before[i]) / answers,
  );
  return { cpu, authCpu, p50, failures };
}

/** The answers to a token that was in use, and to one that was not, after auth has been down. */
async function measureOutage(/** @type {Service[]} */ services, /** @type {any} */ auth) {
  const logins = [];
  for (const { port, logIn } of services) {
    const [used, unused] = [await logIn(), await logIn()];
    await call(port, used.access);
    logins.push({ port, used, unused });
  }
  await stop(auth.child);
  await sleep(OUTAGE_SECONDS * 1000);
  return Promise.all(
    logins.map(async ({ port, used, unused }) => ({
      used: await call(port, used.access),
      unused: await call(port, unused.access),
    })),
  );
}

/** @param {number} port @param {string} token */
async function call(port, token) {
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await answer.text();
  return answer.status;
}

/** @param {string} url @param {string | URLSearchParams} body */
async function post(url, body) {
  const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : undefined;
  const answer = await fetch(url, { method: 'POST', body, ...(headers && { headers }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${url}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}
