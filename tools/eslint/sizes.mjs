/** Sizes above which to look again: most code is far below. */

const code = { skipBlankLines: true, skipComments: true };

const isConstructor = 'MethodDefinition[kind="constructor"]';
const isNamed = [
  'FunctionDeclaration',
  `MethodDefinition:not(${isConstructor}) > FunctionExpression`,
  'VariableDeclarator > ArrowFunctionExpression',
  'PropertyDefinition > ArrowFunctionExpression',
].join(', ');

/** ESLint's max-params knows no constructors, whose parameters are dependencies, nor callbacks, whose caller chose them. */
const parameters = [
  {
    selector: `:matches(${isNamed})[params.length>3]`,
    message: 'More than 3 parameters: an object with names reads better.',
  },
  {
    selector: `${isConstructor} > FunctionExpression[params.length>5]`,
    message: 'More than 5 dependencies: this class does more than one thing.',
  },
];

export const sizes = [
  {
    rules: {
      complexity: ['error', 8],
      'max-lines': ['error', { max: 200, ...code }],
      'max-lines-per-function': ['error', { max: 40, ...code }],
      'no-restricted-syntax': ['error', ...parameters],
    },
  },
  {
    // SQL is text: a migration is as long as its tables.
    files: ['**/migrations/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    // So is CSS.
    files: ['**/stylesheet.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    // A suite is a list, and as long as its cases.
    files: ['**/*.spec.ts', '**/test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', 'max-lines': ['error', { max: 400, ...code }] },
  },
];
