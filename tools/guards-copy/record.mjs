import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { Failure } from '../terminal/command.mjs';
import { libraryCommit, manifest } from './library.mjs';

/**
 * What a service has copied, in a file of its library folder.
 *
 * @typedef {object} CopyRecord
 * @property {string} version of the library
 * @property {string} commit the last one that changed the library; `unknown` outside of Git
 * @property {string} date of the commit
 * @property {string[]} parts
 * @property {string[]} without parts that the user does not want
 * @property {Record<string, string>} files the hash of each file as it was copied, by its path in the library
 */

export const RECORD = '.gatehouse-guards.json';

/**
 * @param {string} folder of the service
 * @param {string} library
 * @returns {CopyRecord | undefined}
 * @throws {Failure} if the file is not such a record
 */
export function readRecord(folder, library) {
  const file = join(folder, library, RECORD);
  if (!existsSync(file)) return undefined;
  try {
    const record = JSON.parse(readFileSync(file, 'utf8'));
    const { parts, without, files } = record;
    const isComplete = [parts, without].every(Array.isArray) && Boolean(files);
    if (isComplete && Object.keys(files).every(isWithinLibrary)) return record;
  } catch {
    // The same answer as to other content.
  }
  throw new Failure(
    `${file} is not a record of guards:copy. Restore it, or copy with --force, which overwrites your edits.`,
  );
}

/** A copy deletes files that the library no longer has, and must delete no others. @param {string} path */
function isWithinLibrary(path) {
  return posix.normalize(path) === path && !/^(?:\.\.|\/)/.test(path);
}

/**
 * @param {import('./parts.mjs').Choice} choice
 * @param {Map<string, string>} texts of the copied files, by their paths in the library
 * @returns {CopyRecord}
 */
export function makeRecord({ parts, without }, texts) {
  const { commit, date } = libraryCommit() ?? { commit: 'unknown', date: 'unknown' };
  const hashes = [...texts].map(([path, text]) => [path, hashOf(text)]);
  return {
    version: manifest.version,
    commit,
    date,
    parts,
    without,
    files: Object.fromEntries(hashes.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** @param {string} library @param {CopyRecord} record */
export function recordFile(library, record) {
  return {
    path: posix.join(library, RECORD),
    text: `${JSON.stringify(record, undefined, 2)}\n`,
  };
}

/** @param {string} text */
export function hashOf(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
