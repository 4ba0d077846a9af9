/**
 * `node tools/run.mjs new-service-check`: makes a service in a copy of the workspace as `npm run new:service` does, and builds,
 * lints, type-checks and tests it there. The defaults of auth must agree with its scopes.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { run } from '../terminal/processes.mjs';
import { copyWorkspace } from '../workspace.mjs';

/** @typedef {[what: string, words: import('../terminal/processes.mjs').Words, folder?: string]} Step */

const NAME = 'deliveries';
const PORT = '3047';

/**
 * Arguments that must be refused, and a word of the reason.
 *
 * @type {[args: string[], reason: string][]}
 */
const REFUSALS = [
  [[], 'Usage'],
  [['two words'], 'one word'],
  [['../up'], 'one word'],
  [['shared'], 'does not say'],
  [['orders'], 'apps/orders exists'],
  [['guards'], 'libs/guards exists'],
  [['modules'], 'Module'],
  [['parcels', '--port', '3001'], 'that of orders'],
  [['parcels', '--port', 'many'], '--port must be'],
];

export const command = defineCommand({
  usage: `Usage: node tools/run.mjs new-service-check [--keep]   makes and checks a service in a copy

  --keep   does not delete the copy`,
  options: { keep: { type: 'boolean', default: false } },
  run: ({ keep }) => checkNewService(keep ?? false),
});

/**
 * @param {boolean} keep
 * @throws {Failure} with the output of the failed step
 */
async function checkNewService(keep) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-new-service-')));
  try {
    await copyWorkspace(folder);
    await tryOut(folder);
  } finally {
    if (keep) process.stdout.write(`The copy is in ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} cwd */
async function tryOut(cwd) {
  const steps = stepsIn(cwd);
  for (const [args, reason] of REFUSALS) await requireRefusal(cwd, args, reason);
  print(`${REFUSALS.length} wrong calls were refused`);
  for (const [what, words, folder = cwd] of steps) {
    const start = performance.now();
    await run(what, words, { cwd: folder, env: environment() });
    print(`${what}: ok (${secondsSince(start)} s)`);
  }
}

/** @param {string} cwd @returns {Step[]} */
function stepsIn(cwd) {
  const app = join(cwd, 'apps', NAME);
  const made = [`apps/${NAME}`, 'apps/auth/src/default-resource-servers.ts', 'tools/workspace.mjs'];
  return [
    ['create', ['npm', 'run', 'new:service', '--', NAME, '--port', PORT]],
    ['a second time is refused', ['node', '-e', REFUSED_AGAIN]],
    ['lock file', ['npm', 'ci', '--dry-run', '--offline', '--ignore-scripts']],
    ['build', ['npx', 'nx', 'run-many', '-t', 'build', '--outputStyle=static']],
    ['format', ['npx', 'prettier', '--check', ...made, 'docker-compose.yml']],
    ['lint', ['npx', 'eslint', ...made]],
    ['types', ['npm', 'run', 'typecheck'], app],
    ['it starts, and auth grants its scopes', ['node', '-e', DESCRIBED]],
    ['tests', ['npm', 'test'], app],
  ];
}

const REFUSED_AGAIN = `
  const { spawnSync } = require('node:child_process');
  process.exit(spawnSync('node', ['tools/run.mjs', 'new-service', '${NAME}']).status === 1 ? 0 : 1);
`;

/** Fails when the scopes of the routes, of the declaration and of auth differ. */
const DESCRIBED = `
  import('./tools/docs/scopes-page.mjs').then(async ({ describeResourceServers }) => {
    const all = await describeResourceServers();
    process.exit(all.some(({ app }) => app === '${NAME}') ? 0 : 1);
  });
`;

/** The tests of a service must not read the settings of the shell that they are started from. */
const environment = () => ({ ...process.env, NODE_ENV: undefined, NX_DAEMON: 'false' });

/** @param {string} cwd @param {string[]} args @param {string} reason */
async function requireRefusal(cwd, args, reason) {
  const message = await run('new:service', ['node', 'tools/run.mjs', 'new-service', ...args], {
    cwd,
  }).then(
    () => undefined,
    (error) => error.message,
  );
  if (message?.includes(reason)) return;
  throw new Failure(`"new:service ${args.join(' ')}" should print "${reason}", and: ${message}`);
}

/** @param {string} text */
const print = (text) => process.stdout.write(`new service: ${text}\n`);
