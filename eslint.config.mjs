import { defineConfig, globalIgnores } from 'eslint/config';
import prettier from 'eslint-config-prettier/flat';
import tseslint from 'typescript-eslint';

const tests = ['**/*.spec.ts', '**/*.spec.tsx', '**/test/**/*.ts'];

const unused = { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true };

const languages = [
  // `npm run typecheck` checks the types of JavaScript.
  { files: ['**/*.{js,mjs,cjs}'], extends: [tseslint.configs.recommended] },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      // An untyped library gets its type by a declaration, not by `as`. Untyped use stays an error.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Bodies of answers have no type, and a replacement for an asynchronous function need not be async.
    files: tests,
    rules: {
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { rules: { '@typescript-eslint/no-unused-vars': ['error', unused] } },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
];

const noCanParse =
  'Once Node 20 has compiled a caller, URL.canParse answers false for texts with letters such as ü: use parseUrl.';
const noEnvironment = 'Only *.config.ts and main.ts read the environment.';

/** Imports between files are checked by .dependency-cruiser.mjs. */
const environment = {
  files: ['{apps,libs}/*/src/**/*.ts', 'libs/*/testing/**/*.ts'],
  ignores: [
    '**/*.spec.ts',
    'apps/e2e/**',
    'apps/*/src/**/*.config.ts',
    'apps/*/src/main.ts',
    'libs/service-kit/src/configuration/load-config.ts',
  ],
  rules: {
    'no-restricted-properties': [
      'error',
      { object: 'process', property: 'env', message: noEnvironment },
      { object: 'URL', property: 'canParse', message: noCanParse },
    ],
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { name: 'node:process', importNames: ['default', 'env'], message: noEnvironment },
    ],
  },
};

const code = { skipBlankLines: true, skipComments: true };

const isConstructor = 'MethodDefinition[kind="constructor"]';
const isNamed = [
  'FunctionDeclaration',
  `MethodDefinition:not(${isConstructor}) > FunctionExpression`,
  'VariableDeclarator > ArrowFunctionExpression',
  'PropertyDefinition > ArrowFunctionExpression',
].join(', ');

/** ESLint's max-params has no exception for constructors, whose parameters are dependencies, nor for callbacks. */
const parameters = [
  {
    selector: `:matches(${isNamed})[params.length>3]`,
    message: 'More than 3 parameters: use an object with names.',
  },
  {
    selector: `${isConstructor} > FunctionExpression[params.length>5]`,
    message: 'More than 5 dependencies: this class does more than one thing.',
  },
];

/** Limits that are rarely reached. Most code is far below them. */
const sizes = [
  {
    rules: {
      complexity: ['error', 8],
      'max-lines': ['error', { max: 200, ...code }],
      'max-lines-per-function': ['error', { max: 40, ...code }],
      'no-restricted-syntax': ['error', ...parameters],
    },
  },
  {
    // A migration is as long as its tables.
    files: ['**/migrations/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    // A stylesheet is text.
    files: ['**/stylesheet.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    // A suite is a list of cases.
    files: tests,
    rules: { 'max-lines-per-function': 'off', 'max-lines': ['error', { max: 400, ...code }] },
  },
];

export default defineConfig(
  globalIgnores([
    '**/node_modules',
    '**/dist',
    'data',
    '.nx',
    'bench/results',
    'apps/e2e/output',
    'apps/e2e/src/contracts',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  languages,
  environment,
  sizes,
  prettier,
);
