import { dropJson, dropLines, replaceText } from '../edits.mjs';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'The walk of npm run demo through orders and billing',
  paths: [
    ...['tools/demo', 'apps/e2e/test/samples/start.slow.spec.ts'],
    // It runs the commands of this repository's README.
    'apps/e2e/test/upstream/walk-through.spec.ts',
  ],
  edits: [
    dropJson('package.json', ['scripts', 'demo']),
    dropLines('tools/run.mjs', /^ {2}demo: /),
    replaceText('tools/start/announcement.mjs', 'npm run demo', 'npm run smoke'),
    replaceText('docs/docker.md', 'npm run demo', 'npm run smoke'),
  ],
};
