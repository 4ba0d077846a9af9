import { dropJson, dropLines } from '../edits.mjs';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'npm run remove itself, when no other part is left to remove',
  paths: [
    'tools/remove',
    ...['edits', 'parts', 'unlink'].map((name) => `tools/create/${name}.mjs`),
  ],
  edits: [
    dropJson('package.json', ['scripts', 'remove']),
    dropLines('tools/run.mjs', /^ {2}remove:/),
  ],
};
