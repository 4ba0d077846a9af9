/**
 * Makes a project from this repository: the files that Git tracks, without the parts that the choices leave out, with the
 * project's names and texts. The same source and choices always give the same bytes. It needs no network and no packages,
 * because `npm run create` and `npm run upgrade` run before `npm ci`.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { Failure } from '../terminal/command.mjs';
import { git, itemsOf } from '../terminal/git.mjs';
import { printJson } from '../terminal/output.mjs';
import { addService } from '../new-service/add-service.mjs';
import { filesIn } from '../workspace.mjs';
import { partsToRemove } from './choices.mjs';
import { lockFileFor } from './lock-file.mjs';
import { renamed, withImportsOfWidth } from './names.mjs';
import { filesOfParts, PARTS, removeParts } from './parts.mjs';
import { alignTables } from './unlink.mjs';
import { writeEnvExample, writeTexts } from './texts.mjs';

/** @typedef {import('./choices.mjs').Choices} Choices */

/** Says where a project came from. `npm run upgrade` and `npm run remove` read it. */
export const RECORD = '.gatehouse.json';

/**
 * @param {{ source: string, target: string, choices: Choices }} project the target is empty or does not exist
 * @throws {Failure} when the source is not a Git repository, or a part does not fit its files
 */
export async function generate({ source, target, choices }) {
  const files = trackedFiles(source);
  const parts = partsToRemove(choices, [...PARTS.keys()]);
  const left = filesOfParts(parts, files);
  copyFiles(
    { source, target },
    files.filter((file) => !left.has(file)),
  );
  removeParts(target, parts, { files });
  addServices(target, choices);
  renameProject(target, choices);
  dropMessages(target, choices);
  writeTexts(target, choices);
  writeEnvExample({ source, target, choices });
  fitManifests(target, choices);
  writeRecord({ source, target, choices });
}

/** @param {string} source */
const trackedFiles = (source) =>
  itemsOf(readGit(source, ['ls-files', '-z'])).filter((path) => existsSync(join(source, path)));

/** @param {{ source: string, target: string }} folders @param {readonly string[]} files */
function copyFiles({ source, target }, files) {
  for (const path of files) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    copyFileSync(join(source, path), join(target, path));
  }
}

/** @param {string} folder @param {string[]} args */
function readGit(folder, args) {
  try {
    return git(folder, args);
  } catch {
    throw new Failure(
      `"git ${args[0]}" failed in ${folder}. A project is made from a clone of the repository: install Git and use git clone.`,
    );
  }
}

/** The number of the first migration is fixed, because the same choices give the same project. */
const FIRST_MIGRATION = 1_764_800_000_000;

/** @param {string} target @param {Choices} choices */
function addServices(target, { services, issuer, preset }) {
  const trust = { ...(issuer && { issuer }), ...(preset && { preset }) };
  for (const [index, name] of services.entries()) {
    addService(target, name, { stamp: FIRST_MIGRATION + index, ...trust });
  }
}

const BINARY = ['.png', '.ico', '.jpg', '.gz', '.db', '.woff2'];
/** A licence names its authors, and the record the starter. The manifests of parts belong to the starter. */
const NOT_RENAMED = /^(LICENSE.*|libs\/guards\/LICENSE|\.gatehouse\.json|package-lock\.json)$/;

/** @param {string} target @param {Choices} choices */
function renameProject(target, choices) {
  for (const path of filesIn(target)) {
    if (NOT_RENAMED.test(path) || BINARY.includes(extname(path))) continue;
    const text = readFileSync(join(target, path), 'utf8');
    const changed = formatted(path, renamed(text, choices));
    if (changed !== text) writeFileSync(join(target, path), changed);
  }
}

/** What a shorter or longer name changes for Prettier. @param {string} path @param {string} text */
function formatted(path, text) {
  if (/\.([cm]?[jt]s)$/.test(path)) return withImportsOfWidth(text);
  // A list item that left with its link leaves two blank lines.
  return path.endsWith('.md') ? alignTables(text).replace(/\n{3,}/g, '\n\n') : text;
}

/** The packages of the guards' tests leave with the last part that needs them. @param {string} target */
function dropEmptyPackages(target) {
  const folder = join(target, 'libs/guards/test');
  const file = join(folder, 'package.json');
  if (!existsSync(file) || Object.keys(readJson(file).dependencies).length > 0) return;
  rmSync(folder, { recursive: true });
  const library = join(target, 'libs/guards/package.json');
  const manifest = readJson(library);
  delete manifest.scripts.packages;
  for (const name of ['lint', 'typecheck', 'test']) delete manifest.nx.targets[name];
  writeJson(library, manifest);
}

const MESSAGES = ['graphql', 'websockets', 'microservices'];

/** Messages over other transports than HTTP leave with the last part that needs them. @param {string} target @param {Choices} choices */
function dropMessages(target, { parts, libraryTests }) {
  if (libraryTests || MESSAGES.some((name) => parts.includes(name))) return;
  rmSync(join(target, 'libs/guards/src/transports'), { recursive: true });
}

/** The lock file has the packages that the remaining manifests name. @param {string} target @param {Choices} choices */
function fitManifests(target, { name }) {
  dropEmptyPackages(target);
  const root = readJson(join(target, 'package.json'));
  root.name = name;
  root.version = '0.1.0';
  root.description = `${name}, made from Gatehouse.`;
  delete root.license;
  writeJson(join(target, 'package.json'), root);
  const folders = workspacesOf(target, root.workspaces);
  const manifests = new Map(
    ['', ...folders].map((folder) => [folder, readJson(join(target, folder, 'package.json'))]),
  );
  const file = join(target, 'package-lock.json');
  writeFileSync(file, lockFileFor(readFileSync(file, 'utf8'), manifests));
}

/**
 * Folders of the workspaces. Only patterns such as `apps/*` and plain folders are used here.
 *
 * @param {string} target
 * @param {string[]} patterns
 */
function workspacesOf(target, patterns) {
  return patterns
    .flatMap((pattern) => {
      if (!pattern.endsWith('/*')) return [pattern];
      const parent = pattern.slice(0, -2);
      if (!existsSync(join(target, parent))) return [];
      return readdirSync(join(target, parent)).map((name) => `${parent}/${name}`);
    })
    .filter((folder) => existsSync(join(target, folder, 'package.json')));
}

/** @param {{ source: string, target: string, choices: Choices }} project */
function writeRecord({ source, target, choices }) {
  const { version } = readJson(join(source, 'package.json'));
  const commit = readGit(source, ['rev-parse', 'HEAD']);
  writeFileSync(join(target, RECORD), printJson(RECORD, { version, commit, choices }));
}

/** @param {string} file */
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** @param {string} file @param {unknown} value */
const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
