/** The sources import './x.js', as Node wants it, and the file is './x.ts'. */
const NAMES = { moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' } };

/** jwks-rsa requires `jose`, an ES module, which Jest can do from Node 24.9 on, and with the flag of Nest 12 only. */
const ES_MODULES = {
  transform: {
    '/jose/.+\\.js$': ['ts-jest', { tsconfig: { allowJs: true } }],
    '^.+\\.(t|j)s$': 'ts-jest',
  },
  transformIgnorePatterns: ['/node_modules/(?!jose/)'],
};

/** What the Jest of a service must be told, if it has one, before it can read the library. */
export function jestConfiguration({ declares, major }) {
  if (!declares('jest')) return undefined;
  return major === '11' ? { ...NAMES, ...ES_MODULES } : NAMES;
}

/** As at home, in milliseconds: some tests are floods, and not every machine is idle. */
const PATIENCE = 30_000;

/** The command that runs the copied tests, with a runner that we know. */
export function testCommand({ declares }, tests) {
  if (declares('jest')) return `npm test -- --rootDir ${tests} --testTimeout ${PATIENCE}`;
  if (declares('vitest')) return `npm test -- ${tests} --testTimeout ${PATIENCE}`;
  return undefined;
}
