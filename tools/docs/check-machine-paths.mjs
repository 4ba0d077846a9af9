import { documentOf } from './documents.mjs';
import { ENV_EXAMPLE } from './generated-documents.mjs';

/** Folders that are on somebody's machine and in no clone. */
const MACHINE_PATH =
  /(?<![\w.~/:-])(\/(?:home|Users|root|work|mnt|tmp|var\/folders)\/[\w.-]+|[A-Z]:\\\w+)/g;

/** @type {import('./run-checks.mjs').Check} */
export const machinePaths = {
  title: 'No document names a path of one machine',
  mend: 'Write the path relative to the root of the repository.',
  faults: (all) =>
    [...all, documentOf(ENV_EXAMPLE)].flatMap(({ path, lines }) =>
      lines.flatMap((text, index) =>
        [...text.matchAll(MACHINE_PATH)].map(([found]) => ({
          place: `${path}:${index + 1}`,
          says: found,
        })),
      ),
    ),
};
