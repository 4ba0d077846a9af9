import { dropJson, dropLines, replaceText } from '../edits.mjs';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'npm run new:service, with its template',
  paths: ['tools/new-service'],
  edits: [
    dropJson('package.json', ['scripts', 'new:service']),
    dropLines('tools/run.mjs', /new-service/),
    replaceText('apps/auth/src/default-resource-servers.ts', / `npm run new:service` [^.]*\./, ''),
  ],
  needs: ['library-tests'],
};
