import tseslint from 'typescript-eslint';

/** `bench` and `tools` are JavaScript without types. */
const javascript = ['**/*.{js,mjs,cjs}'];
const tests = ['**/*.spec.ts', '**/test/**/*.ts'];

const strict = {
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': 'error',
  '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
  // What a library leaves untyped is given its type by a declaration, not by `as`; using it untyped stays an error.
  '@typescript-eslint/no-unsafe-argument': 'off',
  '@typescript-eslint/no-unsafe-assignment': 'off',
  '@typescript-eslint/no-unsafe-return': 'off',
};

/** Bodies of answers have no type, and stand-ins for what is asynchronous need not wait. */
const relaxedForTests = {
  '@typescript-eslint/no-unsafe-call': 'off',
  '@typescript-eslint/no-unsafe-member-access': 'off',
  '@typescript-eslint/require-await': 'off',
  '@typescript-eslint/unbound-method': 'off',
};

const unused = { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true };

export const typescript = [
  { files: javascript, extends: [tseslint.configs.recommended] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: strict,
  },
  { files: tests, rules: relaxedForTests },
  { rules: { '@typescript-eslint/no-unused-vars': ['error', unused] } },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
];
