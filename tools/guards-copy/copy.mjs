import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../terminal/failure.mjs';
import { destinationOf, placesFor, textThere } from './destination.mjs';
import { libraryFiles } from './library.mjs';
import { missingPackages } from './packages.mjs';
import { select } from './selection.mjs';
import { readService } from './service.mjs';

/**
 * Copies the library into a service, unless it is told to try only.
 *
 * @param {import('./options.mjs').CopyOptions} options
 * @returns what was copied (`written`, paths in the service), what not, and what is missing there
 * @throws {Failure} before anything is written
 */
export function copyGuards({ service: folder, to, dryRun, force, ...options }) {
  const service = readService(folder);
  const files = libraryFiles();
  const places = placesFor(to);
  const { paths, leftTransports } = select(files, service, options);
  if (!force) requireRoom(service, places);
  const copied = paths.map((path) => files.get(path));
  const texts = copied.map((file) => [
    destinationOf(file.path, places),
    textThere(file, { places, paths: new Set(paths) }),
  ]);
  if (!dryRun) for (const [path, text] of texts) write(join(service.folder, path), text);
  return {
    service,
    places,
    written: texts.map(([path]) => path),
    leftTransports,
    missing: missingPackages(copied, service),
  };
}

function requireRoom({ folder }, { library, tests }) {
  const taken = [library, tests].filter((path) => existsSync(join(folder, path)));
  if (taken.length === 0) return;
  throw new Failure(
    `${taken.join(' and ')} in ${folder} ${taken.length > 1 ? 'exist' : 'exists'}. ` +
      'Nothing was copied.\nChoose another folder with --to, or overwrite with --force.',
  );
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
