import { dropBlock, dropLines } from '../edits.mjs';

const GUARDS = 'libs/guards';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Issuers that become known at run time, such as those of tenants',
  paths: [`${GUARDS}/src/issuers-at-run-time`, `${GUARDS}/docs/issuers-at-run-time.md`],
  edits: [
    ...['core', 'index', 'parts'].map((name) =>
      dropLines(`${GUARDS}/src/${name}.ts`, /issuers-at-run-time|^ {2}issuersAtRunTime,$/),
    ),
    dropLines(`${GUARDS}/README.md`, /`issuers-at-run-time`/),
    dropLines('docs/guarantees.md', /public-fetch/),
    dropBlock('tools/guards-copy/parts.mjs', /^ {2}'issuers-at-run-time'/, /^ {2}\},/),
  ],
  needs: ['library-tests'],
};
