import { machineFacts, pinning, workFolder } from '../machine/machine.mjs';
import { printFacts, printTables, printVerdict, saveResults } from '../report/print.mjs';
import { ALGORITHMS, BUSY_SCENARIOS, methodOf, planFrom } from './plan.mjs';
import {
  growthColumns,
  growthRows,
  routeColumns,
  routeRows,
  threadsColumns,
  verifyColumns,
  verifyRows,
} from './results.mjs';
import { overHttp, PLACES } from './route/measure.mjs';
import { inProcess } from './verify/in-process.mjs';

/** @typedef {import('../types.js').Options} Options */
/** @typedef {import('../types.js').Row} Row */

const PACKAGES = {
  peers: [
    'passport-jwt',
    'jwks-rsa',
    'jose',
    'fast-jwt',
    'aws-jwt-verify',
    'express-oauth2-jwt-bearer',
  ],
  own: ['@nestjs/core', '@nestjs/passport', 'express', 'fastify'],
};

/** Each measures one part of the plan, prints it and resolves with its rows. */
/**
 * @typedef {{ dir: string, pins?: import('../types.js').Pins | undefined }} WorkPlace
 * @type {Record<string, (plan: import('./plan.mjs').GuardsPlan, place: WorkPlace) => Promise<Row[]>>}
 */
const PARTS = {
  verify: async (plan, place) => {
    const cells = [];
    for (const algorithm of ALGORITHMS) {
      cells.push(...(await inProcess('verify', { plan, algorithm }, place)));
    }
    const rows = verifyRows(cells);
    printTables(rows, { titleOf, columns: verifyColumns });
    return rows;
  },
  growth: async (plan, place) => {
    const rows = growthRows(await inProcess('growth', { plan }, place));
    printTables(rows, { titleOf: () => 'More issuers, more keys, ES256', columns: growthColumns });
    return rows;
  },
  memory: async (plan, place) => {
    const [{ tokens, bytesPerToken, remembered }] = await inProcess('memory', { plan }, place);
    console.log(
      `\n${tokens.toLocaleString('en')} tokens, ${Math.round(remembered * 100)} % of them remembered: ` +
        `${Math.round(bytesPerToken)} bytes each.`,
    );
    return [{ name: 'memory', tokens, bytesPerToken, remembered, aims: [] }];
  },
  route: async (plan, place) => {
    const cells = [];
    for (const algorithm of plan.route.algorithms) {
      cells.push(...(await overHttp(algorithm, { plan, place })));
    }
    const rows = routeRows(cells);
    printTables(rows, { titleOf: (row) => `GET /orders, ${titleOf(row)}`, columns: routeColumns });
    return rows;
  },
  threads: async (plan, { dir }) => {
    // Not pinned: the threads of the pool need the other CPU.
    const options = { plan, place: { dir }, lineUp: PLACES, scenarios: BUSY_SCENARIOS };
    const rows = routeRows(await overHttp('ES256', options)).map((row) => ({ ...row, aims: [] }));
    const columns = threadsColumns;
    printTables(rows, { titleOf: (row) => `GET /orders, all CPUs, ${titleOf(row)}`, columns });
    return rows;
  },
};

/** @param {{ algorithm: any, scenario: string }} options */
function titleOf({ algorithm, scenario }) {
  return `${algorithm}, ${scenario}`;
}

/**
 * Runs the whole comparison and prints it. Resolves with the exit code: 1 when any answer was not 2xx.
 *
 * @param {Options} options
 */
export async function benchGuards(options) {
  const plan = planFrom(options);
  const place = { dir: workFolder(options.dir), pins: pinning() };
  const facts = await machineFacts({ pins: place.pins, ...PACKAGES });
  printFacts(facts, methodOf(plan));
  const rows = [];
  for (const part of plan.parts) {
    console.log(`measuring ${part} …`);
    rows.push(...(await PARTS[part](plan, place)));
  }
  printVerdict(rows, facts);
  if (options.json) saveResults('guards', { facts, plan, rows });
  return rows.some(({ failures = 0 }) => failures > 0) ? 1 : 0;
}
