/**
 * `npm run guards:copy -- <path to your service>`: copies libs/guards into a Nest service, or updates the copy there, and
 * prints the packages to install and the code to add. The exit code is 1 when nothing was copied and after conflicts.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { defineCommand, Failure, UsageError } from '../terminal/command.mjs';
import { announce } from './announcement.mjs';
import { readText } from './files.mjs';
import { libraryFiles, textAtDestination } from './library.mjs';
import { chooseParts, partsNamed, PARTS, partsToCopy, suggestedParts } from './parts.mjs';
import { makeRecord, readRecord, recordFile } from './record.mjs';
import { missingPackages, selectFiles } from './selection.mjs';
import { placesIn, readService } from './service.mjs';
import { applySettings, settingsFor } from './settings.mjs';
import { planUpdate } from './update.mjs';

/**
 * @typedef {object} CopyOptions
 * @property {string} service
 * @property {string | undefined} to
 * @property {string[]} with
 * @property {string[]} without
 * @property {boolean} dryRun
 * @property {boolean} force
 * @property {boolean} write
 */

/**
 * @typedef {object} Copy
 * @property {import('./service.mjs').Service} service
 * @property {import('./library.mjs').Target} target
 * @property {import('./parts.mjs').Choice} choice
 * @property {ReadonlySet<string>} parts whose files are copied
 * @property {import('./record.mjs').CopyRecord | undefined} last the record of the last copy
 * @property {import('./record.mjs').CopyRecord} record of this copy
 * @property {string[]} suggested parts that the service probably wants
 * @property {Map<string, string>} texts of the files, by their paths in the library
 * @property {import('./update.mjs').Change[]} changes
 * @property {import('./settings.mjs').PlannedSetting[]} settings
 * @property {import('./selection.mjs').Packages} missing packages that the service does not declare
 */

const partLines = Object.entries(PARTS).map(
  ([name, { brings }]) => `    ${name.padEnd(20)}${brings}`,
);

export const command = defineCommand({
  usage: `Copies the guards into a Nest service, and prints what to install and which code to add. A second run updates
the copy: it keeps your edits, merges them with the changes of the library, and lists conflicts.

  npm run guards:copy -- <path to your service>

  --with PARTS     optional parts, with commas between them, or all:
${partLines.join('\n')}
                   Those of transports that the service declares are copied without it.
  --without PARTS  not these, also in later runs
  --to FOLDER      folder of the library, as a path in the folder of package.json
                   (default: src/guards of the service)
  --write          writes the ignore lines for linters and test runners, instead of printing them
  --dry-run        writes nothing, and prints what it would do
  --force          takes the text of the library for every file, and overwrites your edits
  --help           this text`,
  options: {
    to: { type: 'string' },
    with: { type: 'string', multiple: true, default: [] },
    without: { type: 'string', multiple: true, default: [] },
    write: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
  },
  allowPositionals: true,
  run: (values, positionals) => {
    if (positionals.length !== 1) throw new UsageError('Give the path of your service.');
    const { 'dry-run': dryRun, ...flags } = /** @type {any} */ (values);
    /** @type {CopyOptions} */
    const options = { service: positionals[0], dryRun, ...flags };
    const copy = planCopy(options);
    if (!dryRun) writeCopy(copy, options);
    announce(copy, options);
    if (copy.changes.some(({ outcome }) => outcome === 'conflict')) process.exitCode = 1;
  },
});

/** @param {string} text */
function folderWithin(text) {
  const folder = posix.join(text.replaceAll('\\', '/'), '.').replace(/\/$/, '');
  if (folder !== '.' && !/^(?:\/|\.\.|\w:)/.test(folder)) return folder;
  throw new Failure(`--to must be a folder within the service, such as src/guards, not "${text}".`);
}

/**
 * @param {CopyOptions} options
 * @returns {Copy}
 * @throws {Failure} if the service cannot take a copy
 */
function planCopy(options) {
  const service = readService(options.service);
  const places = placesIn(service, options.to === undefined ? undefined : folderWithin(options.to));
  const record = options.force
    ? recordIfReadable(service.folder, places.library)
    : readRecord(service.folder, places.library);
  const choice = chooseParts(service.declares, {
    kept: record,
    wanted: partsNamed(options.with, '--with'),
    unwanted: partsNamed(options.without, '--without'),
  });
  const parts = partsToCopy(choice);
  if (!record && !options.force) requireEmpty(service, places, parts);
  const files = selectFiles(libraryFiles(), service, parts);
  const paths = new Set(files.map(({ path }) => path));
  const target = { places, paths, isEsModule: service.isEsModule };
  const texts = new Map(files.map((file) => [file.path, textAtDestination(file, target)]));
  return {
    ...{ service, target, choice, parts, texts, last: record },
    suggested: suggestedParts(service.declares, parts),
    changes: planUpdate({ folder: service.folder, target, texts, record, force: options.force }),
    record: makeRecord(choice, texts),
    settings: settingsFor(service, places, parts),
    missing: missingPackages(files, service),
  };
}

/** @param {string} folder @param {string} library */
function recordIfReadable(folder, library) {
  try {
    return readRecord(folder, library);
  } catch {
    return undefined;
  }
}

/**
 * @param {import('./service.mjs').Service} service
 * @param {import('./service.mjs').Places} places
 * @param {ReadonlySet<string>} parts
 */
function requireEmpty({ folder }, { library, tests }, parts) {
  const folders = parts.has('testing') ? [library, tests] : [library];
  const existing = folders.filter((path) => existsSync(join(folder, path)));
  if (existing.length === 0) return;
  throw new Failure(
    `${existing.join(' and ')} in ${folder} ${existing.length > 1 ? 'exist' : 'exists'}, and no copy is recorded there. ` +
      'Nothing was copied.\nChoose another folder with --to, or overwrite with --force.',
  );
}

/** @param {Copy} copy @param {CopyOptions} options */
function writeCopy({ service: { folder }, target, record, changes, settings }, { write }) {
  for (const { path, text, beside, outcome } of changes) {
    if (outcome === 'removed') remove(join(folder, path));
    if (text !== undefined) writeText(join(folder, beside ?? path), text);
  }
  const { path, text } = recordFile(target.places.library, record);
  writeText(join(folder, path), text);
  if (write) applySettings(folder, settings);
}

/** @param {string} file together with folders that become empty */
function remove(file) {
  rmSync(file);
  for (let folder = dirname(file); readdirSync(folder).length === 0; folder = dirname(folder)) {
    rmdirSync(folder);
  }
}

/** @param {string} file @param {string} text */
function writeText(file, text) {
  if (existsSync(file) && readText(file) === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
