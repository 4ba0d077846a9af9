import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npmInstall } from '../guards-package/command.mjs';
import { packGuards } from '../guards-package/package-files.mjs';
import { Failure } from '../terminal/failure.mjs';
import { installPackages } from './installation.mjs';
import { describe, PROJECTS } from './projects.mjs';
import { makeProject, makeWorkshop } from './starter.mjs';
import { tryProject } from './trial.mjs';

/** Compilers keep a core busy. */
const AT_ONCE = 2;

/**
 * Makes every project, and tries each.
 *
 * @param {{ keep: boolean }} options
 * @throws {Failure} that names the projects which failed, after all have been tried
 */
export async function takeHome({ keep }) {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-take-home-'));
  const began = performance.now();
  try {
    const { tarball } = await packGuards(folder);
    const nests = [...new Set(PROJECTS.map(({ nest }) => nest))];
    const made = await Promise.all(nests.map((nest) => makeAll({ folder, nest, tarball })));
    const outcomes = await eachOf(made.flat(), tryAndTell);
    conclude(outcomes, secondsSince(began));
  } finally {
    if (keep) say(`the projects are in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

function say(text) {
  process.stdout.write(`take home: ${text}\n`);
}

function secondsSince(began) {
  return `${((performance.now() - began) / 1000).toFixed(0)} s`;
}

async function makeAll({ folder, nest, tarball }) {
  const began = performance.now();
  const workshop = join(folder, `nest-${nest}`);
  await makeWorkshop(workshop, nest);
  const made = [];
  for (const project of PROJECTS.filter((one) => one.nest === nest)) {
    made.push({ workshop, project, folder: await makeProject(workshop, project) });
  }
  await installPackages(workshop, made);
  // Last, so that the copies have been given what they asked for and no more.
  await npmInstall(workshop, [tarball]);
  say(`Nest ${nest}: ${made.length} projects made and installed (${secondsSince(began)})`);
  return made;
}

async function tryAndTell(made) {
  const began = performance.now();
  try {
    const cases = await tryProject(made);
    say(`ok   ${describe(made.project)}: ${cases} cases as expected (${secondsSince(began)})`);
    return { cases };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`FAIL ${describe(made.project)}\n${error.message}`);
    return { failed: describe(made.project), cases: 0 };
  }
}

function conclude(outcomes, time) {
  const failed = outcomes.filter((outcome) => outcome.failed);
  if (failed.length > 0) {
    const names = failed.map((outcome) => `  ${outcome.failed}`);
    throw new Failure(
      `${failed.length} of ${outcomes.length} projects failed:\n${names.join('\n')}`,
    );
  }
  const cases = outcomes.reduce((sum, outcome) => sum + outcome.cases, 0);
  say(`${outcomes.length} services answered ${cases} cases, all as expected (${time})`);
}

/** The results of `work` in the order of the items, with no more than AT_ONCE at work. */
async function eachOf(items, work) {
  const results = [];
  const waiting = items.entries();
  const worker = async () => {
    for (const [at, item] of waiting) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
