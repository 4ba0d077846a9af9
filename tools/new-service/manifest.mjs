import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/command.mjs';

/** @typedef {Record<string, Record<string, string>>} Manifest */

const DEPENDENCIES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-fastify',
  '@nestjs/swagger',
  '@nestjs/typeorm',
  'fastify',
  'jwks-rsa',
  'reflect-metadata',
  'rxjs',
  'typeorm',
  'zod',
];
const LIBRARIES = ['guards', 'persistence', 'service-kit'];
const DEV_DEPENDENCIES = ['@nestjs/testing', '@types/supertest', 'supertest'];
const TEST =
  'node --experimental-vm-modules --disable-warning=ExperimentalWarning ../../node_modules/jest/bin/jest.js';

/**
 * The package.json of a service. Its packages have the versions that the project uses already.
 *
 * @param {string} root
 * @param {string} name
 */
export function manifestOf(root, name) {
  const { name: guards, version } = readJson(root, 'libs/guards/package.json');
  const scope = guards.replace(/\/.*/, '');
  const known = manifestsIn(root);
  /** @param {string[]} packages @returns {[string, string][]} */
  const pick = (packages) => packages.map((each) => [each, versionOf(each, known)]);
  return {
    name: `${scope}/${name}`,
    version,
    private: true,
    type: 'module',
    nx: { name, tags: ['type:app', `scope:${name}`] },
    scripts: {
      build: 'node ../../tools/run.mjs compile src && node ../../tools/run.mjs bundle',
      serve: `cd ../.. && node --enable-source-maps apps/${name}/dist/main.js`,
      lint: 'eslint .',
      test: TEST,
      typecheck: 'tsc --noEmit',
    },
    dependencies: Object.fromEntries([
      ...LIBRARIES.map((library) => [`${scope}/${library}`, '*']),
      ...pick(DEPENDENCIES),
    ]),
    devDependencies: Object.fromEntries(pick(DEV_DEPENDENCIES)),
  };
}

/**
 * The manifests of the workspaces, and those that the lock file knows: it may name a package that no manifest names any more.
 *
 * @param {string} root
 * @returns {Manifest[]}
 */
function manifestsIn(root) {
  const folders = ['apps', 'libs'].flatMap((parent) =>
    existsSync(join(root, parent))
      ? readdirSync(join(root, parent)).map((name) => `${parent}/${name}/package.json`)
      : [],
  );
  const manifests = folders
    .filter((path) => existsSync(join(root, path)))
    .map((path) => readJson(root, path));
  const { packages } = readJson(root, 'package-lock.json');
  const locked = Object.entries(packages).filter(([path]) => /^(apps|libs)\//.test(path));
  return [...manifests, ...locked.map(([, manifest]) => manifest)];
}

/** @param {string} name @param {Manifest[]} manifests */
function versionOf(name, manifests) {
  for (const kind of ['dependencies', 'devDependencies', 'peerDependencies']) {
    const version = manifests.map((manifest) => manifest[kind]?.[name]).find(Boolean);
    if (version) return version;
  }
  throw new Failure(`No package.json names ${name}, so its version is not known.`);
}

/**
 * The lock file as `npm install` would write it. There is nothing to fetch, because the project has the same packages already.
 *
 * @param {string} root
 * @param {ReturnType<typeof manifestOf>} manifest
 */
export function lockFileWith(root, manifest) {
  const lock = readJson(root, 'package-lock.json');
  const { name, version, dependencies, devDependencies } = manifest;
  const folder = name.replace(/^.*\//, 'apps/');
  const added = {
    [folder]: { name, version, dependencies, devDependencies },
    [`node_modules/${name}`]: { resolved: folder, link: true },
  };
  const packages = Object.entries({ ...lock.packages, ...added });
  packages.sort(([one], [other]) => one.localeCompare(other, 'en'));
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`;
}

/** @param {string} root @param {string} path @returns {any} */
const readJson = (root, path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
