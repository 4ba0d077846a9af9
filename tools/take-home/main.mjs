/**
 * `node tools/run.mjs take-home`: takes the guards home as their users do, by `guards:copy` and as the npm package, into new
 * projects of each supported Nest, on Express and Fastify, as ES modules and as CommonJS. Each project is compiled by its own
 * compiler, started, and sent the corpus of hostile tokens.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { CorpusIssuer, runCorpus } from '../corpus/sources.mjs';
import { packGuards } from '../guards-package/main.mjs';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { npmInstall, run } from '../terminal/processes.mjs';
import { measureCopies } from './numbers.mjs';
import {
  describeProject,
  installPackages,
  makeProject,
  makeWorkshop,
  PROJECTS,
} from './projects.mjs';
import { AUDIENCE, PATH, SCOPE } from './service-sources.mjs';

/** @typedef {import('./projects.mjs').Project} Project */
/** @typedef {{ workshop: string, folder: string, project: Project }} MadeProject */

/** A compiler keeps a core busy. */
const CONCURRENCY = 2;
const START_TIMEOUT_MS = 60_000;
/** Enough to show that the test runner reads the tests and the library. In this repository all of them run. */
const TESTS = ['test/guards/flows/credentials.spec', 'test/guards/flows/module.spec'];
const RUNNER_OPTIONS = { jest: ['--rootDir', 'test/guards'], vitest: [] };

export const command = defineCommand({
  usage: `Usage: node tools/run.mjs take-home [--keep]   copies and installs the guards into new projects, and tries them

  --keep   does not delete the projects`,
  options: { keep: { type: 'boolean', default: false } },
  run: ({ keep }) => takeHome(keep ?? false),
});

/**
 * Makes and tries every project.
 *
 * @param {boolean} keep
 * @throws {Failure} with all projects that failed
 */
async function takeHome(keep) {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-take-home-'));
  const start = performance.now();
  try {
    const { tarball } = await packGuards(folder);
    const nests = [...new Set(PROJECTS.map(({ nest }) => nest))];
    const made = await Promise.all(nests.map((nest) => makeAll({ folder, nest, tarball })));
    const outcomes = await inParallel(made.flat(), tryAndReport);
    const failed = outcomes.filter((outcome) => outcome.failed);
    if (failed.length > 0) {
      const names = failed.map((outcome) => `  ${outcome.failed}`);
      throw new Failure(
        `${failed.length} of ${outcomes.length} projects failed:\n${names.join('\n')}`,
      );
    }
    const cases = outcomes.reduce((sum, outcome) => sum + outcome.cases, 0);
    const time = secondsSince(start, 0);
    print(`${outcomes.length} services answered ${cases} cases, all as expected (${time} s)`);
    for (const line of await measureCopies(folder)) print(line);
  } finally {
    if (keep) print(`the projects are in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`take home: ${text}\n`);
}

/**
 * @param {{ folder: string, nest: Project['nest'], tarball: string }} options
 * @returns {Promise<MadeProject[]>}
 */
async function makeAll({ folder, nest, tarball }) {
  const start = performance.now();
  const workshop = join(folder, `nest-${nest}`);
  await makeWorkshop(workshop, nest);
  const made = [];
  for (const project of PROJECTS.filter((one) => one.nest === nest)) {
    made.push({ workshop, project, folder: await makeProject(workshop, project) });
  }
  await installPackages(workshop, made);
  // After the copies, so that they have the packages that guards:copy printed and no more.
  await npmInstall(workshop, [tarball]);
  print(`Nest ${nest}: ${made.length} projects made and installed (${secondsSince(start, 0)} s)`);
  return made;
}

/** @param {MadeProject} made @returns {Promise<{ cases: number, failed?: string }>} */
async function tryAndReport(made) {
  const start = performance.now();
  const name = describeProject(made.project);
  try {
    const cases = await tryProject(made);
    print(`ok   ${name}: ${cases} cases as expected (${secondsSince(start, 0)} s)`);
    return { cases };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    print(`FAIL ${name}\n${error.message}`);
    return { failed: name, cases: 0 };
  }
}

/**
 * The results of `work` in the order of the items. At most CONCURRENCY of them run at the same time.
 *
 * @template T, R
 * @param {T[]} items
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
async function inParallel(items, work) {
  /** @type {R[]} */
  const results = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return results;
}

/**
 * Compiles a project with its own compiler, starts it, and sends it the corpus.
 *
 * @param {MadeProject} made
 * @returns {Promise<number>} the number of cases, all answered as expected
 * @throws {Failure}
 */
async function tryProject({ workshop, folder, project }) {
  const compiler = join(workshop, 'node_modules/typescript/bin/tsc');
  /** @param {string[]} options */
  const compile = (...options) =>
    run('The compiler', [process.execPath, compiler, ...options], { cwd: folder });
  await compile('-p', 'tsconfig.build.json');
  if (project.hasEachPart) await compile('-p', 'tsconfig.parts.json', '--noEmit');
  if (project.testRunner) {
    await compile('-p', 'tsconfig.json', '--noEmit');
    const options = [...RUNNER_OPTIONS[project.testRunner], ...TESTS];
    await run('The copied tests', ['npm', 'test', '--', ...options], { cwd: folder });
  }
  const issuer = await CorpusIssuer.start({ audience: AUDIENCE });
  try {
    return await withService(folder, issuer.issuer, (url) => sendCorpus(url, issuer));
  } finally {
    await issuer.close();
  }
}

/**
 * @template T
 * @param {string} folder
 * @param {string} issuer
 * @param {(url: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withService(folder, issuer, use) {
  const env = { ...process.env, ISSUER: issuer };
  const service = spawn(process.execPath, ['dist/main.js'], { cwd: folder, env });
  const exit = once(service, 'exit');
  const errors = text(service.stderr);
  try {
    const firstLine = once(createInterface({ input: service.stdout }), 'line', {
      signal: AbortSignal.timeout(START_TIMEOUT_MS),
    });
    const earlyExit = exit.then(async () => {
      throw new Failure(`The service exited at its start:\n${await errors}`);
    });
    const [url] = await Promise.race([firstLine, earlyExit]);
    return await use(url);
  } finally {
    service.kill();
    await exit;
  }
}

/** @param {string} url @param {import('../corpus/sources.mjs').Issuer} issuer */
async function sendCorpus(url, issuer) {
  const faults = [];
  let cases = 0;
  const target = { url: url + PATH, scope: SCOPE };
  for await (const { case: one, received, verdict } of runCorpus(issuer, target)) {
    cases += 1;
    if (verdict !== 'as-expected') faults.push(`${one.id}: ${verdict} (${received.status})`);
  }
  if (faults.length === 0) return cases;
  throw new Failure(`${faults.length} of ${cases} cases:\n  ${faults.join('\n  ')}`);
}
