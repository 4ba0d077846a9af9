import { editJson } from '../edits.mjs';

const LIBRARIES = ['guards', 'persistence', 'service-kit'];

/** Scripts and packages that only the tests of a library need, by library. @type {Record<string, RegExp>} */

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Tests of the libraries',
  paths: LIBRARIES.flatMap((name) => [`libs/${name}/test`, `libs/${name}/jest.config.mjs`]),
  edits: LIBRARIES.map((name) =>
    editJson(`libs/${name}/package.json`, ({ scripts }) => {
      delete scripts.test;
      delete scripts['test-slow'];
    }),
  ),
};
