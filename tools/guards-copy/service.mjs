import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import ts from 'typescript';
import { Failure } from '../terminal/command.mjs';
import { manifest } from './library.mjs';

const NEST = '@nestjs/core';
/** @type {string} */
const NEST_RANGE = manifest.peerDependencies[NEST];
const MAJORS = [...NEST_RANGE.matchAll(/\^(\d+)/g)].map(([, major]) => major);

/**
 * A Nest service, from its package.json and tsconfig.json.
 *
 * @typedef {object} Service
 * @property {string} folder
 * @property {string} name
 * @property {string} major of Nest: `12`
 * @property {boolean} isEsModule whether it compiles to ES modules
 * @property {(name: string) => boolean} declares whether its package.json names this package
 * @property {string[]} compilerFaults missing settings of its tsconfig.json
 */

/**
 * @param {string} path
 * @returns {Service}
 * @throws {Failure} when the folder is not a Nest service, or its version of Nest is not supported
 */
export function readService(path) {
  // npm runs scripts in the root of the workspace. INIT_CWD is the folder of the caller.
  const folder = resolve(process.env.INIT_CWD ?? '.', path);
  const declared = declarationsIn(folder);
  const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = declared;
  const packages = { ...peerDependencies, ...devDependencies, ...dependencies };
  if (!Object.hasOwn(packages, NEST)) {
    throw new Failure(
      `${folder} is not a Nest service: its package.json does not name ${NEST}.\n` +
        'In a monorepo, give the folder whose package.json does, and say with --to where the service is:\n\n' +
        '  npm run guards:copy -- <path to the monorepo> --to apps/orders/src/guards',
    );
  }
  return {
    folder,
    name: declared.name ?? basename(folder),
    major: majorOf(folder, packages[NEST]),
    isEsModule: declared.type === 'module',
    declares: (name) => Object.hasOwn(packages, name),
    compilerFaults: compilerFaultsIn(folder),
  };
}

/** @param {string} folder @returns {Record<string, any>} */
function declarationsIn(folder) {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) {
    const says = existsSync(folder) ? 'has no package.json' : 'does not exist';
    throw new Failure(
      `${folder} ${says}. Give the folder of your Nest service; a new one is made by:\n\n` +
        '  npx @nestjs/cli new <name>',
    );
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * The major version of the installed Nest, or of the declared one.
 *
 * @param {string} folder
 * @param {string} range
 */
function majorOf(folder, range) {
  const version = installedVersion(folder) ?? range;
  const major = /\d+/.exec(version)?.[0] ?? '';
  if (MAJORS.includes(major)) return major;
  throw new Failure(
    `The guards support Nest ${MAJORS.join(' and ')}, and ${folder} has ${NEST} ${version}.`,
  );
}

/** @param {string} folder @returns {string | undefined} */
function installedVersion(folder) {
  const places = createRequire(join(folder, 'package.json')).resolve.paths(NEST) ?? [];
  const file = places.map((place) => join(place, NEST, 'package.json')).find(existsSync);
  return file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8')).version;
}

/** @param {string} folder */
function compilerFaultsIn(folder) {
  const file = join(folder, 'tsconfig.json');
  if (!existsSync(file)) return [];
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config ?? {}, ts.sys, folder);
  /** @type {Record<string, boolean | undefined>} */
  const required = {
    '"target": "ES2022"': (options.target ?? 0) >= ts.ScriptTarget.ES2022,
    '"experimentalDecorators": true': options.experimentalDecorators,
    '"emitDecoratorMetadata": true': options.emitDecoratorMetadata,
  };
  return Object.keys(required).filter((setting) => !required[setting]);
}
