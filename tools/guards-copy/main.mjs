/**
 * `npm run guards:copy -- <path to your service>`: copies libs/guards with its tests into a Nest service, and prints the
 * packages to install and the code to add. The exit code is 1 when nothing was copied.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { defineCommand, Failure, UsageError } from '../terminal/command.mjs';
import { announce } from './announcement.mjs';
import { destinationOf, libraryFiles, placesFor, textAtDestination } from './library.mjs';
import { missingPackages, selectFiles } from './selection.mjs';
import { readService } from './service.mjs';

/** @typedef {{ service: string, to: string, all: boolean, tests: boolean, dryRun: boolean, force: boolean }} CopyOptions */

/**
 * @typedef {object} Copy
 * @property {import('./service.mjs').Service} service
 * @property {import('./library.mjs').Places} places
 * @property {string[]} written paths in the service
 * @property {string[]} omittedTransports
 * @property {import('./selection.mjs').Packages} missing packages that the service does not declare
 */

export const command = defineCommand({
  usage: `Copies the guards and their tests into a Nest service, and prints what to install and which code to add.

  npm run guards:copy -- <path to your service>

  --to FOLDER   folder of the library in the service (default: src/guards); its tests go
                to test/guards, beside src
  --all         also GraphQL, WebSockets and microservices, whether or not the service uses them
  --no-tests    the library and TestIssuer alone
  --dry-run     copies nothing, and prints what it would do
  --force       overwrites existing files; files that are not part of the library stay
  --help        this text`,
  options: {
    to: { type: 'string', default: 'src/guards' },
    all: { type: 'boolean', default: false },
    tests: { type: 'boolean', default: true },
    'dry-run': { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
  },
  allowPositionals: true,
  allowNegative: true,
  run: (values, positionals) => {
    if (positionals.length !== 1) throw new UsageError('Give the path of your service.');
    const { to, 'dry-run': dryRun, ...flags } = /** @type {any} */ (values);
    /** @type {CopyOptions} */
    const options = { service: positionals[0], to: folderWithin(to), dryRun, ...flags };
    announce(copyGuards(options), options);
  },
});

/** @param {string} text */
function folderWithin(text) {
  const folder = posix.join(text.replaceAll('\\', '/'), '.');
  if (folder !== '.' && !/^(?:\/|\.\.|\w:)/.test(folder)) return folder;
  throw new Failure(`--to must be a folder within the service, such as src/guards, not "${text}".`);
}

/**
 * Copies the library into a service, unless it is a dry run.
 *
 * @param {CopyOptions} options
 * @returns {Copy}
 * @throws {Failure} before any file is written
 */
function copyGuards({ service: folder, to, dryRun, force, ...options }) {
  const service = readService(folder);
  const files = libraryFiles();
  const places = placesFor(to);
  const { copied, omittedTransports } = selectFiles(files, service, options);
  if (!force) requireEmpty(service, places);
  const paths = new Set(copied.map(({ path }) => path));
  const texts = copied.map((file) => ({
    path: destinationOf(file.path, places),
    text: textAtDestination(file, { places, paths }),
  }));
  if (!dryRun) for (const { path, text } of texts) write(join(service.folder, path), text);
  return {
    service,
    places,
    written: texts.map(({ path }) => path),
    omittedTransports,
    missing: missingPackages(copied, service),
  };
}

/** @param {import('./service.mjs').Service} service @param {import('./library.mjs').Places} places */
function requireEmpty({ folder }, { library, tests }) {
  const existing = [library, tests].filter((path) => existsSync(join(folder, path)));
  if (existing.length === 0) return;
  throw new Failure(
    `${existing.join(' and ')} in ${folder} ${existing.length > 1 ? 'exist' : 'exists'}. ` +
      'Nothing was copied.\nChoose another folder with --to, or overwrite with --force.',
  );
}

/** @param {string} file @param {string} text */
function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
