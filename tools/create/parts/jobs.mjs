import { dropBlock, dropLines, dropSection, replaceText } from '../edits.mjs';

const SOURCE = 'libs/persistence/src';
const TESTING = 'libs/persistence/testing';
const KIT_TESTING = 'libs/service-kit/testing';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title:
    'Background jobs: scheduler, leases, outbox, clean-up of expired rows; test helpers of their users',
  paths: [
    ...[
      ...['cleanup-job', 'cleanup-tasks', 'held-lease', 'job-runner', 'lease.repository'],
      ...['outbox', 'scheduler', 'scheduler.module'],
    ].map((name) => `${SOURCE}/${name}.ts`),
    ...['statement-counter', 'table-lock'].map((name) => `${TESTING}/${name}.ts`),
    ...['answer-watch', 'test-browser'].map((name) => `${KIT_TESTING}/${name}.ts`),
  ],
  edits: [
    dropBlock(`${SOURCE}/index.ts`, /^export \{$/, /cleanup-tasks/),
    dropLines(`${SOURCE}/index.ts`, /\/(cleanup|held-lease|job-runner|lease|outbox|scheduler)\b/),
    replaceText(`${SOURCE}/persistence.module.ts`, '[UnitOfWork, LeaseRepository]', '[UnitOfWork]'),
    dropLines(`${SOURCE}/persistence.module.ts`, /LeaseRepository/),
    dropLines(`${TESTING}/index.ts`, /statement-counter|table-lock/),
    dropLines(`${KIT_TESTING}/index.ts`, /answer-watch/),
    dropBlock(`${KIT_TESTING}/index.ts`, /^export \{$/, /test-browser/),
    dropSection('docs/database.md', '## Which parts are shared?'),
  ],
  needs: ['auth', 'library-tests'],
};
