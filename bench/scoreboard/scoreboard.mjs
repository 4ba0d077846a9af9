import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { CorpusIssuer, runCorpus } from '../../tools/corpus/sources.mjs';
import { scoreboardPage } from './page.mjs';
import { RunningService } from './running-service.mjs';
import { SCOPE } from './services/resource.mjs';

/** @typedef {import('./page.mjs').Row} Row */

const PAGE = fileURLToPath(new URL('../results/scoreboard.md', import.meta.url));
const AUDIENCE = 'https://orders.example';
const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'];

/** Resolves with the exit code. */
export async function writeScoreboard() {
  const runs = [];
  for (const algorithm of ALGORITHMS) {
    const services = SERVICES.filter(({ lacks }) => lacks !== algorithm);
    runs.push({ algorithm, services, ...publishable(await runAll(algorithm, services)) });
  }
  const options = { ...(await resolveConfig(PAGE)), filepath: PAGE };
  mkdirSync(dirname(PAGE), { recursive: true });
  writeFileSync(PAGE, await format(scoreboardPage(runs), options));
  process.stdout.write('Written to bench/results/scoreboard.md\n');
  return 0;
}

/**
 * One row for each case, with the results of the services in their order.
 *
 * @param {any} algorithm
 * @param {Service[]} services
 */
async function runAll(algorithm, services) {
  const rows = new Map();
  for (const service of services) {
    for (const result of await run(service, algorithm)) {
      const row = rows.get(result.case.id) ?? { case: result.case, results: [] };
      row.results.push(result);
      rows.set(result.case.id, row);
    }
  }
  return [...rows.values()];
}

/**
 * Each service gets an issuer of its own: what one fetched or refused must not help or hurt the next.
 *
 * @param {{ name: string, module: any }} options
 * @param {any} algorithm
 */
async function run({ name, module }, algorithm) {
  process.stdout.write(`${algorithm}: ${name} …\n`);
  const issuer = await CorpusIssuer.start({ audience: AUDIENCE, algorithm });
  const settings = {
    issuer: issuer.issuer,
    jwksUri: issuer.jwksUri,
    audience: AUDIENCE,
    algorithm,
  };
  const service = await RunningService.start(module, settings);
  try {
    const results = [];
    for await (const result of runCorpus(issuer, { url: service.url, scope: SCOPE })) {
      requireSound(name, result);
      results.push(result);
      if (result.verdict === 'no-answer') await service.restartIfEnded();
    }
    return results;
  } finally {
    await service.stop();
    await issuer.close();
  }
}

/**
 * A service that refuses everything would score best.
 *
 * @param {string} name
 * @param {{ case: any, verdict: any }} options
 */
function requireSound(name, { case: { id }, verdict }) {
  if (id === 'good' && verdict !== 'as-expected') {
    throw new Error(`${name} refuses good tokens: it is not configured as it should be`);
  }
}

/**
 * A request without an answer may be one with which an attacker can stop the service of a peer. Such cases are printed here
 * and withheld from the page, so that the maintainers learn of them first.
 *
 * @param {Row[]} rows
 */
function publishable(rows) {
  /** @param {Row} row */
  const isOpen = ({ results }) => results.every(({ verdict }) => verdict !== 'no-answer');
  for (const { case: one } of rows.filter((row) => !isOpen(row))) {
    process.stdout.write(`  withheld: ${one.id} was not answered by every service\n`);
  }
  const published = rows.filter(isOpen);
  return { rows: published, withheld: rows.length - published.length };
}

/**
 * A service on the scoreboard: its name, the module here that starts it, the packages whose versions matter, and the algorithm
 * that it cannot verify.
 *
 * @typedef {{ name: string, module: string, packages: string[], lacks?: string }} Service
 */

/** @type {Service[]} */
export const SERVICES = [
  {
    name: 'Gatehouse guards',
    module: './gatehouse.mjs',
    packages: ['@nestjs/core', 'fastify'],
  },
  {
    name: 'stock recipe',
    module: './stock.mjs',
    packages: ['@nestjs/passport', 'passport-jwt', 'jwks-rsa'],
    lacks: 'EdDSA',
  },
  {
    name: 'express-oauth2-jwt-bearer',
    module: './express-oauth2-jwt-bearer.mjs',
    packages: ['express-oauth2-jwt-bearer', 'express'],
  },
  {
    name: 'aws-jwt-verify',
    module: './aws-jwt-verify.mjs',
    packages: ['aws-jwt-verify', 'express'],
  },
];
