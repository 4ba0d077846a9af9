import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../../load/connection.mjs';
import { cpuMicroseconds } from '../../machine/machine.mjs';
import { ended, messageFrom, start, stop } from '../../machine/processes.mjs';
import { Issuer } from '../issuer.mjs';
import { ON_EVENT_LOOP, SCENARIOS } from '../plan.mjs';

/** @typedef {import('../../machine/processes.mjs').Child} Child */

/** @typedef {{ rounds: number, route: { seconds: number, warmUp: number } }} RoutePlan */
/** @typedef {{ platform: string, guard: string, child: Child, port: number }} RouteServer */
/** @typedef {{ name: string, distinct: number, newShare?: number, asksOpen?: boolean }} Scenario */

const GENERATOR = fileURLToPath(new URL('../../load/generator.mjs', import.meta.url));

/**
 * Measures servers with tokens of one algorithm. All of them are up during the whole measurement.
 *
 * @param {'RS256' | 'ES256'} algorithm
 * @param {{ plan: RoutePlan, place: any, lineUp?: { platform: string, guard: string }[], scenarios?: Scenario[] }} options
 */
export async function overHttp(algorithm, options) {
  const { plan, place, lineUp = SERVERS, scenarios = SCENARIOS } = options;
  const { dir, pins } = place;
  const issuer = await Issuer.start({ algorithm });
  const children = [];
  try {
    const servers = [];
    for (const each of lineUp) {
      const server = await startServer(each, { dir, cpu: pins?.server, issuer });
      children.push(server.child);
      await probe(server, issuer);
      servers.push(server);
    }
    const generator = start({
      script: GENERATOR,
      cpu: pins?.client,
      log: join(dir, 'generator.log'),
    });
    children.push(generator);
    await messageFrom(generator);
    return await measureRoutes({ servers, generator, issuer, scenarios }, plan);
  } finally {
    await Promise.all(children.map(stop));
    issuer.close();
  }
}

const CONNECTIONS = 16;

/** More than any of these servers verifies in a second. Where they run out, a measurement ends early. */
const NEW_TOKENS_PER_SECOND = 16_000;
/** More than a client sends in a second. */
const CALLS_PER_SECOND = 60_000;

/**
 * Every server gets the same requests in every round, in turn, so that what the machine does meanwhile falls on all
 * of them. Each measurement has a warm-up of its own, and the first round is not counted.
 *
 * @param {{ servers: RouteServer[], generator: Child, issuer: Issuer, scenarios: Scenario[] }} options
 * @param {RoutePlan} plan
 * @returns {Promise<{ algorithm: string, scenario: string, platform: string, guard: string, samples: any[] }[]>}
 */
export async function measureRoutes({ servers, generator, issuer, scenarios }, { rounds, route }) {
  const known = issuer.tokens(1000);
  const cells = scenarios.flatMap(({ name, ...tokens }) =>
    servers.map((server) => {
      /** @type {any[]} */
      const samples = [];
      return { scenario: name, ...tokens, server, samples };
    }),
  );
  for (let round = 0; round <= rounds; round += 1) {
    const fresh = freshTokens(issuer, route);
    for (const { server, distinct, newShare, asksOpen, samples } of cells) {
      const some = Number.isFinite(distinct) ? again(known.slice(0, distinct)) : fresh;
      const work = newShare ? mixedTokens({ issuer, known, newShare }, route) : some;
      const seen = await sample(server, generator, { ...work, asksOpen, route });
      if (round > 0) samples.push(seen);
    }
  }
  return cells.map(({ server: { platform, guard }, scenario, samples }) => {
    return { algorithm: issuer.algorithm, scenario, platform, guard, samples };
  });
}

/** @param {{ issuer: Issuer, known: string[], newShare: number }} tokens @param {RoutePlan['route']} plan */
function mixedTokens({ issuer, known, newShare }, { seconds }) {
  const count = Math.ceil(CALLS_PER_SECOND * seconds);
  const every = Math.round(1 / newShare);
  /** @param {number} i */
  const pick = (i) => (i % every === 0 ? issuer.token() : known[i % known.length]);
  const tokens = Array.from({ length: count }, (_, i) => pick(i));
  // A token is remembered when it was seen twice.
  return { once: true, forWarmUp: [...known, ...known], tokens };
}

/** @param {string[]} tokens */
function again(tokens) {
  return { once: false, forWarmUp: tokens, tokens };
}

/** @param {Issuer} issuer @param {RoutePlan['route']} plan */
function freshTokens(issuer, { seconds, warmUp }) {
  /** @param {number} time */
  const some = (time) => issuer.tokens(Math.ceil(NEW_TOKENS_PER_SECOND * time));
  return { once: true, forWarmUp: some(warmUp), tokens: some(seconds) };
}

/**
 * @param {{ child: Child, port: number }} options
 * @param {Child} generator
 * @param {{ once: boolean, forWarmUp: string[], tokens: string[], asksOpen?: boolean | undefined, route: RoutePlan['route'] }} work
 */
async function sample({ child, port }, generator, { once, forWarmUp, tokens, asksOpen, route }) {
  const job = { request: 'guardedCall', connections: CONNECTIONS };
  const target = { port, once };
  const { failures, firstFailure } = await ask(generator, {
    ...job,
    target: { ...target, tokens: forWarmUp },
    seconds: route.warmUp,
  });
  const before = cpuMicroseconds(child.pid);
  const work = { ...job, target: { ...target, tokens }, seconds: route.seconds };
  const [seen, open] = await Promise.all([
    ask(generator, work),
    asksOpen && askOpenRoute(port, route.seconds),
  ]);
  if (child.exitCode !== null || child.signalCode !== null) throw ended(child);
  return {
    ...seen,
    ...open,
    cpuPerAnswer: (cpuMicroseconds(child.pid) - before) / seen.answers,
    failures: failures + seen.failures,
    firstFailure: firstFailure ?? seen.firstFailure,
  };
}

const OPEN = 'GET /orders/open HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

/** One request after the other, with a pause of 2 ms: how long does a call wait that needs no token? @param {number} port @param {number} seconds */
async function askOpenRoute(port, seconds) {
  const connection = await Connection.open(port);
  const waits = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(2)) {
    const start = performance.now();
    await connection.exchange(OPEN);
    waits.push(performance.now() - start);
  }
  connection.close();
  const sorted = waits.sort((one, other) => one - other);
  /** @param {number} share */
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)];
  return { openP50: at(0.5), openP99: at(0.99) };
}

/** @param {Child} generator @param {any} job */
function ask(generator, job) {
  generator.send(job);
  return messageFrom(generator);
}

/** In this order they take their turns: what is compared is measured next to each other. */
export const SERVERS = [
  { platform: 'express', guard: 'none' },
  { platform: 'express', guard: 'gatehouse' },
  { platform: 'express', guard: 'stock' },
  { platform: 'express', guard: 'express-oauth2-jwt-bearer' },
  { platform: 'fastify', guard: 'none' },
  { platform: 'fastify', guard: 'gatehouse' },
  { platform: 'fastify', guard: 'stock' },
];

/** The same guard with its signatures checked in threads and on the event loop. */
export const PLACES = [
  { platform: 'fastify', guard: 'none' },
  { platform: 'fastify', guard: 'gatehouse' },
  { platform: 'fastify', guard: ON_EVENT_LOOP },
];

const SCRIPT = fileURLToPath(new URL('./server.mjs', import.meta.url));

/**
 * @param {{ platform: string, guard: string }} server
 * @param {{ dir: string, cpu?: number, issuer: Issuer }} place
 */
export async function startServer({ platform, guard }, { dir, cpu, issuer }) {
  const child = start({
    script: SCRIPT,
    args: [platform, guard, JSON.stringify(issuer.settings)],
    env: { NODE_ENV: 'production' },
    cpu,
    log: join(dir, `${platform}-${guard}-${issuer.algorithm}.log`),
  });
  return { platform, guard, child, ...(await messageFrom(child)) };
}

/**
 * Before anything is timed: does each server accept valid tokens only?
 *
 * @param {{ platform: string, guard: any, port: number }} options
 * @param {any} issuer
 */
export async function probe({ platform, guard, port }, issuer) {
  const bad = {
    'no token': undefined,
    'a token for others': issuer.token({ aud: 'https://other.example' }),
    'an expired token': issuer.token({ exp: 1 }),
    'another signature': issuer.token().slice(0, -8),
  };
  /** @param {unknown} condition @param {string} sentence */
  const must = (condition, sentence) => {
    if (!condition) throw new Error(`${guard} on ${platform} must ${sentence}`);
  };
  must(await isLetIn(port, issuer.token()), 'let in a good token');
  if (guard === 'none') return;
  for (const [what, token] of Object.entries(bad)) {
    must(!(await isLetIn(port, token)), `refuse ${what}`);
  }
}

/** @param {number} port @param {string | undefined} token */
async function isLetIn(port, token) {
  /** @type {Record<string, string>} */
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, { headers });
  await answer.text();
  return answer.ok;
}
