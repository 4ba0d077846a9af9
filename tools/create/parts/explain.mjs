import { dropJson, dropLines } from '../edits.mjs';

const GUARDS = 'libs/guards';

/** The sentences that name the command. Other parts may have dropped them. @type {[file: string, from: RegExp, to: string][]} */
const SENTENCES = [
  [`${GUARDS}/README.md`, /: check a real token with `npm run token:explain[^`]*`/, ''],
  [`${GUARDS}/docs/answers.md`, /^`npm run token:explain .*\n\n/m, ''],
  ['docs/issuers.md', / Check a real\ntoken with `npm run token:explain`\./, '\n'],
  ['docs/recipes/another-issuer.md', /Check a real token with `npm run token:explain`\. /, ''],
  ['docs/recipes/another-issuer.md', /Check a real token with [^,]*, then run/, 'Run'],
];

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'npm run token:explain, which shows why a token is refused',
  paths: [`${GUARDS}/src/explain`, 'tools/token-explain'],
  edits: [
    dropJson('package.json', ['scripts', 'token:explain']),
    dropJson(`${GUARDS}/package.json`, ['files', '!dist/src/explain']),
    dropLines('tools/run.mjs', /token-explain/),
    ...SENTENCES.map(([file, from, to]) => ({
      file,
      change: (/** @type {string} */ text) => text.replace(from, to),
    })),
  ],
  needs: ['library-tests'],
};
