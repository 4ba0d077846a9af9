import { coloursFor } from '../terminal/output.mjs';
import { importOf } from './library.mjs';

/** @typedef {import('./main.mjs').Copy} Copy */
/** @typedef {import('./service.mjs').Service} Service */
/** @typedef {import('./library.mjs').Places} Places */
/** @typedef {[title: string, code: string[]]} Step */

/**
 * Prints what was copied and the next steps.
 *
 * @param {Copy} copy
 * @param {{ tests: boolean, dryRun: boolean }} options
 */
export function announce(copy, { tests, dryRun }, stream = process.stdout) {
  const paint = coloursFor(stream);
  const { service, places } = copy;
  /** @type {(Step | undefined)[]} */
  const steps = [
    compilerStep(service),
    installStep(copy.missing),
    ['Name the trusted issuer in the root module', moduleExample(places)],
    [
      'Decorate every handler: the service does not start with a handler without an access decorator',
      controllerExample(places),
    ],
    jestStep(service),
    tests ? testStep(copy) : undefined,
  ];
  const paragraphs = [
    paint('bold', headline(copy, dryRun)),
    indented(contents(copy, tests)),
    ...steps
      .filter((step) => step !== undefined)
      .flatMap(([title, code], at) => [
        paint('bold', `${at + 1}. ${title}`),
        indented(code.map((line) => paint('cyan', line))),
      ]),
    `${places.library}/README.md has the rest: decorators, options, other transports, several issuers, testing.`,
  ];
  stream.write(`${paragraphs.join('\n\n')}\n`);
}

/** @param {Copy} copy @param {boolean} dryRun */
function headline({ service, written }, dryRun) {
  const modules = service.isEsModule ? 'ES modules' : 'CommonJS';
  const done = dryRun ? 'Would copy' : 'Copied';
  return `${done} ${written.length} files into ${service.name} (Nest ${service.major}, ${modules}).`;
}

/** @param {Copy} copy @param {boolean} tests */
function contents({ places, written, omittedTransports }, tests) {
  const beside = written.filter((path) => path.startsWith(`${places.tests}/`)).length;
  const forTests = tests ? 'its tests, and TestIssuer for yours' : 'TestIssuer, for your tests';
  const rows = [
    [places.library, `the library, ${written.length - beside} files`],
    [places.tests, `${forTests}, ${beside} files`],
    ['not copied', omittedTransports.join(', ')],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const shown = rows.filter(([, text]) => text !== '');
  return shown.map(([name, text]) => name.padEnd(width) + text);
}

/** @param {Service} service @returns {Step | undefined} */
function compilerStep({ compilerFaults }) {
  if (compilerFaults.length === 0) return undefined;
  return ['Set in tsconfig.json, under "compilerOptions"', compilerFaults];
}

/** @param {import('./selection.mjs').Packages} packages @returns {Step | undefined} */
function installStep({ toRun, toDevelop }) {
  const lines = [
    ...(toRun.length > 0 ? [`npm install ${toRun.join(' ')}`] : []),
    ...(toDevelop.length > 0 ? [`npm install --save-dev ${toDevelop.join(' ')}`] : []),
  ];
  return lines.length > 0 ? ['Install what is missing', lines] : undefined;
}

/** @param {Places} places */
function moduleExample(places) {
  return [
    `import { GuardsModule } from '${importOf(undefined, places)}';`,
    '',
    'imports: [',
    '  GuardsModule.forRoot({',
    "    issuer: 'https://auth.example.com',",
    "    audience: 'https://orders.example.com',",
    "    algorithms: ['ES256'],",
    '  }),',
    '],',
  ];
}

/** @param {Places} places */
function controllerExample(places) {
  return [
    `import { AccessToken, Public, RequireScopes } from '${importOf(undefined, places)}';`,
    '',
    '@Get()',
    "@RequireScopes('orders:read')",
    'list(@AccessToken() token: AccessToken) { … }',
    '',
    "@Get('prices')",
    '@Public()',
    'prices() { … }',
  ];
}

/** @param {Service} service @returns {Step | undefined} */
function jestStep(service) {
  const configuration = jestConfiguration(service);
  if (!configuration) return undefined;
  const lines = Object.entries(configuration).map(
    ([name, value]) => `"${name}": ${JSON.stringify(value)},`,
  );
  return ['Add to the configuration of Jest', lines];
}

/** @param {Copy} copy @returns {Step | undefined} */
function testStep({ service, places }) {
  const command = testCommand(service, places.tests);
  return command ? ['Run the copied tests', [command]] : undefined;
}

/** @param {string[]} lines */
function indented(lines) {
  return lines.map((line) => `   ${line}`.trimEnd()).join('\n');
}

/** The sources import './x.js', as Node requires it, and the file is './x.ts'. */
const NAMES = { moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' } };

/** jwks-rsa requires `jose`, an ES module. Jest can do that from Node 24.9 on, and only with the flag of Nest 12. */
const ES_MODULES = {
  transform: {
    '/jose/.+\\.js$': ['ts-jest', { tsconfig: { allowJs: true } }],
    '^.+\\.(t|j)s$': 'ts-jest',
  },
  transformIgnorePatterns: ['/node_modules/(?!jose/)'],
};

/**
 * The settings that the Jest of a service needs before it can read the library.
 *
 * @param {Pick<Service, 'declares' | 'major'>} service
 */
export function jestConfiguration({ declares, major }) {
  if (!declares('jest')) return undefined;
  return major === '11' ? { ...NAMES, ...ES_MODULES } : NAMES;
}

/** In milliseconds, as in this repository: some tests send many requests, and a machine may be busy. */
const TEST_TIMEOUT = 30_000;

/**
 * The command that runs the copied tests with Jest or Vitest.
 *
 * @param {Service} service
 * @param {string} tests
 */
function testCommand({ declares }, tests) {
  if (declares('jest')) return `npm test -- --rootDir ${tests} --testTimeout ${TEST_TIMEOUT}`;
  if (declares('vitest')) return `npm test -- ${tests} --testTimeout ${TEST_TIMEOUT}`;
  return undefined;
}
