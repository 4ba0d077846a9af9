/** What serves this repository only: `create` takes it out of every project. */
import { dropBlock, dropJson, dropLines, dropSection, editJson, replaceText } from '../edits.mjs';

const SCRIPTS = [
  ...['bench', 'scoreboard', 'corpus', 'create'],
  ...['docs:build', 'docs:check', 'docs:paths', 'guards:copy', 'guards:doctor', 'test:node'],
];
const TOOLS = [
  ...[
    'adoption',
    'containers',
    'corpus',
    'docs',
    'guards-copy',
    'guards-doctor',
    'guards-package',
    'take-home',
  ],
];
const COMMANDS = [
  ...TOOLS,
  ...['remove-check', 'create', 'create-check', 'executed-files', 'test-node'],
];

const GUARDS = 'libs/guards/README.md';
const CI = '.github/workflows/ci.yml';
const CI_PAGE = 'docs/recipes/continuous-integration.md';

/** As Prettier writes a short list. @type {import('../edits.mjs').Edit} */
const ignoresOnOneLine = {
  file: 'eslint.config.mjs',
  change: (text) =>
    text.replace(/globalIgnores\(\[\n((?: {4}'[^']+',\n)+) {2}\]\)/, (all, lines) => {
      const line = `  globalIgnores([${lines.trim().replace(/,$/, '').replace(/\s+/g, ' ')}]),`;
      return line.length > 100 ? all : line.slice(2, -1);
    }),
};

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Benchmarks, comparisons, decisions and generators of this repository',
  paths: [
    ...['.ci', '.github/workflows/publish-guards.yml', '.github/workflows/release.yml'],
    ...['bench', 'test', 'CHANGELOG.md', 'UPGRADING.md'],
    ...TOOLS.map((name) => `tools/${name}`),
    'tools/test/node-versions.mjs',
    ...[
      'main',
      'questions',
      'choices',
      'generate',
      'names',
      'lock-file',
      'texts',
      'shapes',
      'check',
    ].map((name) => `tools/create/${name}.mjs`),
    ...['tools/create/templates', 'tools/create/shapes.json'],
    'docs/decisions',
    // Its README shows them.
    'docs/images/shop-*.png',
    'tools/remove/check.mjs',
    ...[
      ...['api-changes', 'architecture', 'configuration', 'guarantees', 'scale'],
      ...['scopes', 'scoreboard', 'which-token', 'recipes/delete-what-you-do-not-need'],
      ...['recipes/verify-in-other-languages', 'recipes/mcp'],
      'recipes/from-a-global-jwt-auth-guard',
    ].map((name) => `docs/${name}.md`),
    'apps/*/openapi.json',
    ...['clients', 'upstream'].map((name) => `apps/e2e/test/${name}`),
    ...[
      'create-tools',
      'guards-copies',
      'install-workspace',
      'lint-texts',
      'nest-starters',
      'starter',
    ].map((name) => `apps/e2e/test/support/${name}.*`),
    ...['apps/e2e/src', 'apps/e2e/test/samples/contracts.spec.ts'],
    'apps/e2e/test/samples/corpus.spec.ts',
    // They know each service of this repository.
    ...['compose', 'kubernetes-manifests'].map((name) => `apps/e2e/test/units/${name}.spec.ts`),
    'apps/e2e/test/support/documented-settings.ts',
    'apps/auth/test/conformance',
    'apps/*/test/flows/request-cost.spec.ts',
    'apps/auth/test/flows/foreign-verifiers.slow.spec.ts',
    'apps/auth/test/flows/ops-usage.slow.spec.ts',
    'libs/guards/CHANGELOG.md',
    'libs/guards/LICENSE',
    'libs/guards/docs/adopt.md',
    'libs/persistence/testing/documented-cost.ts',
  ],
  edits: [
    replaceText(
      'tools/new-service/add-service.mjs',
      / `npm run create` [^\n]*/,
      ' Needs no package.',
    ),
    editJson('package.json', (manifest) => {
      manifest.scripts.lint = manifest.scripts.lint.replace(' tools bench', ' tools');
      manifest.scripts.typecheck = manifest.scripts.typecheck.replace(' && tsc -p bench', '');
    }),
    dropJson('package.json', ...SCRIPTS.map((name) => ['scripts', name])),
    dropLines('tools/run.mjs', new RegExp(`^ {2}'?(${COMMANDS.join('|')})'?: \\(\\)`)),
    dropLines('libs/persistence/testing/index.ts', /documented-cost/),
    dropLines('.gitignore', /^\/bench\//),
    dropLines('.dockerignore', /^bench$/),
    dropLines('eslint.config.mjs', /^ {4}'bench\/results',$/),
    ignoresOnOneLine,
    replaceText(
      '.dependency-cruiser.mjs',
      /path: \[\n\s+('.*dist\/',)\n\s+('.*built-',)\n\s+'\^bench.*\n\s+('.*'),\n\s+\]/,
      'path: [$1 $2 $3]',
    ),
    replaceText(
      '.dependency-cruiser.mjs',
      /Which file may import which [^]*? rule notices a violation\.\n/,
      'Which file may import which. `npm run lint` checks it, with type-only imports.\n',
    ),
    dropLines('apps/auth/src/platform/default-rate-limits.ts', /docs\/guarantees\.md says/),
    replaceText('apps/auth/src/default-resource-servers.ts', / `npm run docs:check` [^.]*\./, ''),
    // The part opentelemetry drops this paragraph.
    {
      file: 'docs/observability.md',
      change: (text) => text.replace(/ \(`npm run bench\n-- services --parts=empty`\)/, ''),
    },
    replaceText('docs/recipes/another-issuer.md', /, then run `npm run corpus [^`]*`/, ''),
    replaceText('docs/clients.md', '`npm run test:slow` signs', 'A test of the starter signs'),
    replaceText('docs/revocation.md', '`npm run bench -- scale`, medians', 'medians'),
    dropBlock(GUARDS, /^\*\*1\. Copy it/, /^It copies about/),
    replaceText(GUARDS, '**2. Name', '**1. Name'),
    replaceText(GUARDS, '**3. ', '**2. '),
    replaceText(GUARDS, '**4. ', '**3. '),
    dropLines(GUARDS, /^`npm run guards:doctor/),
    dropLines('.github/pull_request_template.md', /npm run docs:build/),
    replaceText(
      'docs/observability.md',
      /^`npm run docs:build` writes this table from [^\n]*:\n\n/gm,
      '',
    ),
    {
      file: 'deploy/monitoring/alerts.yml',
      change: (text) => text.replace(/ `npm run docs:build` writes [^\n]*/, ''),
    },
    dropSection('docs/docker.md', '## What is checked'),
    dropLines('docs/recipes/upgrade-dependencies.md', /^npm run docs:check$/),
    replaceText('docs/recipes/upgrade-dependencies.md', / `docs:check` fails if [^.]*\./, ''),
    dropLines('tools/remove/main.mjs', /docs:build/),
    dropLines('tools/new-service/main.mjs', /'tools\/docs'/),
    // CI of a project is the job `checks`.
    dropBlock(CI, /^ {2}complete:$/, /^ {6}- run: \.ci\/run$/),
    dropLines(CI, /^ {2}workflow_call:$/),
    replaceText(
      CI,
      /^# Runs for [^]*? slow tests\.\n/,
      '# Runs for each pull request and each push to main.\n',
    ),
    dropLines(CI_PAGE, /^- `complete` runs/),
    dropBlock(CI_PAGE, /^A tag such as/, /must be that of the tag\.$/),
    replaceText(
      CI_PAGE,
      /The workflows hold no secret [^]*? To test/,
      'The workflow holds no secret and pins actions by commit. To test',
    ),
    dropLines(CI_PAGE, /^ {2}(before_script: \[\]|timeout: 90 minutes)$/),
    replaceText(
      CI_PAGE,
      / {4}- \.ci\/run\n/,
      ['lint', 'typecheck', 'build', 'test'].map((script) => `    - npm run ${script}\n`).join(''),
    ),
    dropSection(CI_PAGE, '## Elsewhere'),
    dropLines('.github/CODEOWNERS', /\/\.ci\//),
    dropLines('SECURITY.md', /honest limits/),
    replaceText('SECURITY.md', / A broken row of\s[^]*? is in scope\./, ''),
  ],
};
