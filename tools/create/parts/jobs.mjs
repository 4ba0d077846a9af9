import { dropBlock, dropLines, dropSection, replaceText } from '../edits.mjs';

const SOURCE = 'libs/persistence/src';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Background jobs: scheduler, leases, outbox, clean-up of expired rows',
  paths: [
    ...['cleanup-job', 'cleanup-tasks', 'held-lease', 'job-runner', 'lease.repository'],
    ...['outbox', 'scheduler', 'scheduler.module'],
  ].map((name) => `${SOURCE}/${name}.ts`),
  edits: [
    dropBlock(`${SOURCE}/index.ts`, /^export \{$/, /cleanup-tasks/),
    dropLines(`${SOURCE}/index.ts`, /\/(cleanup|held-lease|job-runner|lease|outbox|scheduler)\b/),
    replaceText(`${SOURCE}/persistence.module.ts`, '[UnitOfWork, LeaseRepository]', '[UnitOfWork]'),
    dropLines(`${SOURCE}/persistence.module.ts`, /LeaseRepository/),
    dropSection('docs/database.md', '## Which parts are shared?'),
  ],
  needs: ['auth', 'library-tests'],
};
