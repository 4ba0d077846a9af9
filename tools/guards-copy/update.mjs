import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readText } from './files.mjs';
import { destinationOf, textAtDestination, textInCommit } from './library.mjs';
import { hashOf } from './record.mjs';

/** @typedef {'added' | 'updated' | 'merged' | 'conflict' | 'removed' | 'kept' | 'unchanged'} Outcome */

/**
 * What a copy does with one file.
 *
 * @typedef {object} Change
 * @property {string} path in the service
 * @property {Outcome} outcome
 * @property {string} [text] to write
 * @property {string} [beside] the path to write to, if the file itself stays
 * @property {string} [note]
 */

/**
 * The three states of a file: as it was copied last, as it is in the service, and as the library has it now.
 *
 * @typedef {object} States
 * @property {string} path in the service
 * @property {string | undefined} copied hash of the text that was copied last
 * @property {string | undefined} own text in the service
 * @property {string | undefined} next text in the library
 * @property {() => string | undefined} base the text that was copied last
 * @property {boolean} hasNext whether a file with the library's text waits beside it since an earlier conflict
 */

/**
 * @typedef {object} Update
 * @property {string} folder of the service
 * @property {import('./library.mjs').Target} target
 * @property {Map<string, string>} texts that the library has for the service, by their paths in the library
 * @property {import('./record.mjs').CopyRecord | undefined} record of the last copy
 * @property {boolean} force takes the library's text of every file
 */

/** @param {Update} update @returns {Change[]} sorted by path */
export function planUpdate({ folder, target, texts, record, force }) {
  const before = record?.files ?? {};
  const sources = [...new Set([...texts.keys(), ...Object.keys(before)])];
  const changes = sources.map((source) => {
    const path = destinationOf(source, target.places);
    const file = join(folder, path);
    return planFile(
      {
        path,
        copied: before[source],
        own: existsSync(file) ? readText(file) : undefined,
        next: texts.get(source),
        base: () => record && copiedText(source, record, target),
        hasNext: existsSync(`${file}.new`),
      },
      force,
    );
  });
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** @param {States} states @param {boolean} force @returns {Change} */
function planFile(states, force) {
  const { path, own, next } = states;
  if (next === undefined) return planRemoval(states, force);
  if (own === next) return { path, outcome: 'unchanged' };
  if (own === undefined) return planMissing(states, force);
  if (force || states.copied === hashOf(own)) return { path, outcome: 'updated', text: next };
  return planEdited({ ...states, own, next });
}

/** A file that the library no longer has. @param {States} states @param {boolean} force @returns {Change} */
function planRemoval({ path, own, copied }, force) {
  if (own === undefined) return { path, outcome: 'unchanged' };
  if (force || copied === hashOf(own)) return { path, outcome: 'removed' };
  return {
    path,
    outcome: 'conflict',
    note: 'you edited it, and the library no longer has it: delete it, or keep it as your own',
  };
}

/** A file that the service does not have. @param {States} states @param {boolean} force @returns {Change} */
function planMissing({ path, next, copied }, force) {
  if (force || copied === undefined) return { path, outcome: 'added', text: next };
  if (copied === hashOf(next ?? '')) return { path, outcome: 'kept', note: 'you deleted it' };
  return beside(path, next ?? '', 'you deleted it, and the library changed it');
}

/**
 * A file that differs from the last copy.
 *
 * @param {States & { own: string, next: string }} states
 * @returns {Change}
 */
function planEdited({ path, own, next, copied, base, hasNext }) {
  if (/^<{7} /m.test(own))
    return { path, outcome: 'conflict', note: 'it still has conflict markers' };
  if (hasNext)
    return { path, outcome: 'conflict', note: `merge ${path}.new into it, and delete that` };
  if (copied === hashOf(next)) return { path, outcome: 'kept', note: 'your edits' };
  if (copied === undefined) return beside(path, next, 'it is not from the library');
  const text = base();
  const merged = text === undefined ? undefined : mergeThreeWays({ own, base: text, next });
  if (!merged) return beside(path, next, 'the text of the last copy is not available for a merge');
  return merged.isClean
    ? {
        path,
        outcome: 'merged',
        text: merged.text,
        note: 'your edits and the changes of the library',
      }
    : { path, outcome: 'conflict', text: merged.text, note: 'resolve the conflict markers in it' };
}

/** @param {string} path @param {string} text @param {string} reason @returns {Change} */
function beside(path, text, reason) {
  const note = `${reason}: the text of the library is in ${path}.new`;
  return { path, outcome: 'conflict', text, beside: `${path}.new`, note };
}

/**
 * The text that was copied last, made again from the commit in the record.
 *
 * @param {string} path in the library
 * @param {import('./record.mjs').CopyRecord} record
 * @param {import('./library.mjs').Target} target
 */
function copiedText(path, { commit, files }, target) {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  const source = textInCommit(commit, path);
  if (source === undefined) return undefined;
  const paths = new Set(Object.keys(files));
  const text = textAtDestination({ path, text: source }, { ...target, paths });
  return hashOf(text) === files[path] ? text : undefined;
}

/**
 * `git merge-file`. Undefined without Git.
 *
 * @param {{ own: string, base: string, next: string }} texts
 */
function mergeThreeWays(texts) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-merge-'));
  try {
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
    const labels = ['yours', 'last copy', 'Gatehouse'].flatMap((label) => ['-L', label]);
    const { status, stdout } = spawnSync(
      'git',
      ['merge-file', '-p', ...labels, 'own', 'base', 'next'],
      { cwd: folder, encoding: 'utf8' },
    );
    // The exit code is the number of conflicts, and above 127 an error.
    if (status === null || status > 127) return undefined;
    return { text: stdout, isClean: status === 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
