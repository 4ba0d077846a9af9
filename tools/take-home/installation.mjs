import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npmInstall, run } from '../guards-package/command.mjs';
import { Failure } from '../terminal/failure.mjs';
import { ROOT } from '../workspace.mjs';

/** Of what a starter declares: what compiles it and runs its tests. It also has linters, formatters and bundlers. */
const NEEDED = [
  ...['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', '@nestjs/testing'],
  ...['reflect-metadata', 'rxjs', 'typescript', '@types/node', '@types/jest'],
  ...['supertest', '@types/supertest'],
];
const RUNNERS = { jest: ['jest', 'ts-jest'], vitest: ['vitest', 'vite-tsconfig-paths'] };

/**
 * Installs once for all projects of a Nest what they declare, and what `guards:copy` says is missing.
 *
 * @param {string} workshop
 * @param {{ folder: string, project: import('./projects.mjs').Project }[]} made
 */
export async function installPackages(workshop, made) {
  const packages = new Set([`@nestjs/platform-fastify@${made[0].project.nest}`]);
  for (const { folder, project } of made) {
    for (const wanted of await declaredBy(folder, project)) packages.add(wanted);
    if (project.by !== 'copy') continue;
    for (const wanted of await copyInto(folder, project)) packages.add(wanted);
  }
  await npmInstall(workshop, [...packages]);
}

async function declaredBy(folder, { testRunner }) {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const declared = { ...manifest.dependencies, ...manifest.devDependencies };
  const names = [...NEEDED, ...(RUNNERS[testRunner] ?? [])];
  return names
    .filter((name) => Object.hasOwn(declared, name))
    .map((name) => `${name}@${declared[name]}`);
}

/** @returns {Promise<string[]>} what the command tells to install */
async function copyInto(folder, { copyOptions = [] }) {
  const command = [process.execPath, 'tools/guards-copy.mjs', folder];
  const told = await run(`guards:copy to ${folder}`, [...command, ...copyOptions], { cwd: ROOT });
  await mustRefuse('A second copy', command, 'exist');
  const lines = [...told.matchAll(/^ +npm install (?:--save-dev )?(.+)$/gm)];
  return lines.flatMap(([, packages]) => packages.split(' '));
}

async function mustRefuse(what, command, because) {
  const refusal = await run(what, command, { cwd: ROOT }).catch((error) => error);
  if (refusal instanceof Failure && refusal.message.includes(because)) return;
  throw new Failure(`${what} was not refused`);
}
