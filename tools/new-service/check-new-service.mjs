import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../guards-package/command.mjs';
import { Failure } from '../terminal/failure.mjs';
import { copyWorkspace } from '../workspace-copy.mjs';

const NAME = 'deliveries';
const PORT = '3047';

/** What must be refused, and a word of the reason. */
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

/** @throws {Failure} with what the step that failed has printed */
export async function checkNewService({ keep }) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-new-service-')));
  try {
    await copyWorkspace(folder);
    await tryOut(folder);
  } finally {
    if (keep) process.stdout.write(`The copy is in ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

async function tryOut(cwd) {
  const steps = stepsIn(cwd);
  for (const [words, reason] of REFUSALS) await requireRefusal(cwd, words, reason);
  say(`${REFUSALS.length} bad wishes were refused`);
  for (const [what, words, folder = cwd] of steps) {
    const began = performance.now();
    await run(what, words, { cwd: folder, env: environment() });
    say(`${what}: ok (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  }
}

function stepsIn(cwd) {
  const app = join(cwd, 'apps', NAME);
  const made = [`apps/${NAME}`, 'apps/auth/src/auth.config.ts', 'tools/workspace.mjs'];
  return [
    ['create', ['npm', 'run', 'new:service', '--', NAME, '--port', PORT]],
    ['a second time is refused', ['node', '-e', REFUSED_AGAIN]],
    ['lock file', ['npm', 'ci', '--dry-run', '--offline', '--ignore-scripts']],
    // Nx writes down who depends on whom, which the linter's boundaries go by.
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
  process.exit(spawnSync('node', ['tools/new-service.mjs', '${NAME}']).status === 1 ? 0 : 1);
`;

/** Throws where the scopes of the routes, of the declaration and of auth are not the same. */
const DESCRIBED = `
  import('./tools/docs/resource-servers.mjs').then(async ({ describeResourceServers }) => {
    const all = await describeResourceServers();
    process.exit(all.some(({ app }) => app === '${NAME}') ? 0 : 1);
  });
`;

/** The tests of a service must not read the settings of the shell that they are started from. */
const environment = () => ({ ...process.env, NODE_ENV: undefined, NX_DAEMON: 'false' });

async function requireRefusal(cwd, words, reason) {
  const said = await run('new:service', ['node', 'tools/new-service.mjs', ...words], { cwd }).then(
    () => undefined,
    (error) => error.message,
  );
  if (said?.includes(reason)) return;
  throw new Failure(`"new:service ${words.join(' ')}" should say "${reason}", and said: ${said}`);
}

const say = (text) => process.stdout.write(`new service: ${text}\n`);
