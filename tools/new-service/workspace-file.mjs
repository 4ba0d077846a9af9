import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/failure.mjs';
import { ROOT } from '../workspace.mjs';

export const read = (path) => readFileSync(join(ROOT, path), 'utf8');

/**
 * @param {RegExp} place that there is once
 * @param {(found: string) => string} change
 * @throws {Failure} where it is not there, or more than once: a guess could let in who should stay out
 */
export function edited(path, text, { place, what, change }) {
  const found = text.match(new RegExp(place, 'gm')) ?? [];
  if (found.length !== 1) {
    throw new Failure(
      `${path}: expected ${what} once, and found it ${found.length} times. Nothing was changed.`,
    );
  }
  return text.replace(found[0], () => change(found[0]));
}
