import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuMicroseconds } from '../../machine/machine.mjs';
import { ended, messageFrom, start, stop } from '../../machine/processes.mjs';
import { Issuer } from '../issuer.mjs';
import { SCENARIOS } from '../plan.mjs';

/** @typedef {import('../../machine/processes.mjs').Child} Child */

/** @typedef {{ rounds: number, route: { seconds: number, warmUp: number } }} RoutePlan */
/** @typedef {{ platform: string, guard: string, child: Child, port: number }} RouteServer */

const GENERATOR = fileURLToPath(new URL('../../load/generator.mjs', import.meta.url));

/**
 * Measures servers with tokens of one algorithm. All of them are up during the whole measurement.
 *
 * @param {'RS256' | 'ES256'} algorithm
 * @param {{ plan: RoutePlan, place: any, lineUp?: { platform: string, guard: string }[] }} options
 */
export async function overHttp(algorithm, { plan, place: { dir, pins }, lineUp = SERVERS }) {
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
    return await measureRoutes({ servers, generator, issuer }, plan);
  } finally {
    await Promise.all(children.map(stop));
    issuer.close();
  }
}

const CONNECTIONS = 16;

/** More than any of these servers verifies in a second. Where they run out, a measurement ends early. */
const NEW_TOKENS_PER_SECOND = 16_000;

/**
 * Every server gets the same requests in every round, in turn, so that what the machine does meanwhile falls on all
 * of them. Each measurement has a warm-up of its own, and the first round is not counted.
 *
 * @param {{ servers: RouteServer[], generator: Child, issuer: Issuer }} options
 * @param {RoutePlan} plan
 * @returns {Promise<{ algorithm: string, scenario: string, platform: string, guard: string, samples: any[] }[]>}
 */
export async function measureRoutes({ servers, generator, issuer }, { rounds, route }) {
  const known = issuer.tokens(1000);
  const cells = SCENARIOS.flatMap(({ name, distinct }) =>
    servers.map((server) => {
      /** @type {any[]} */
      const samples = [];
      return { scenario: name, distinct, server, samples };
    }),
  );
  for (let round = 0; round <= rounds; round += 1) {
    const fresh = freshTokens(issuer, route);
    for (const { server, distinct, samples } of cells) {
      const work = Number.isFinite(distinct) ? again(known.slice(0, distinct)) : fresh;
      const seen = await sample(server, generator, { ...work, route });
      if (round > 0) samples.push(seen);
    }
  }
  return cells.map(({ server: { platform, guard }, scenario, samples }) => {
    return { algorithm: issuer.algorithm, scenario, platform, guard, samples };
  });
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
 * @param {{ once: boolean, forWarmUp: string[], tokens: string[], route: RoutePlan['route'] }} work
 */
async function sample({ child, port }, generator, { once, forWarmUp, tokens, route }) {
  const job = { request: 'guardedCall', connections: CONNECTIONS };
  const target = { port, once };
  const { failures, firstFailure } = await ask(generator, {
    ...job,
    target: { ...target, tokens: forWarmUp },
    seconds: route.warmUp,
  });
  const before = cpuMicroseconds(child.pid);
  const seen = await ask(generator, {
    ...job,
    target: { ...target, tokens },
    seconds: route.seconds,
  });
  if (child.exitCode !== null || child.signalCode !== null) throw ended(child);
  return {
    ...seen,
    cpuPerAnswer: (cpuMicroseconds(child.pid) - before) / seen.answers,
    failures: failures + seen.failures,
    firstFailure: firstFailure ?? seen.firstFailure,
  };
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
