import { coloursFor } from '../terminal/colours.mjs';
import { importOf } from './destination.mjs';
import { jestConfiguration, testCommand } from './test-runner.mjs';

/**
 * What somebody wants to know who has just copied the guards, and what to do next.
 *
 * @param {ReturnType<import('./copy.mjs').copyGuards>} copy
 * @param {Pick<import('./options.mjs').CopyOptions, 'tests' | 'dryRun'>} options
 */
export function announce(copy, { tests, dryRun }, stream = process.stdout) {
  const paint = coloursFor(stream);
  const { service, places } = copy;
  const steps = [
    compilerStep(service),
    installStep(copy.missing),
    ['Say whom you trust, in the root module', forRoot(places)],
    [
      'Say who may call what: a handler that says nothing keeps the service from starting',
      rule(places),
    ],
    jestStep(service),
    tests && testStep(copy),
  ].filter(Boolean);
  const paragraphs = [
    paint('bold', headline(copy, dryRun)),
    indented(contents(copy, tests)),
    ...steps.flatMap(([title, code], at) => [
      paint('bold', `${at + 1}. ${title}`),
      indented(code.map((line) => paint('cyan', line))),
    ]),
    `${places.library}/README.md has the rest: decorators, options, other transports, several issuers, testing.`,
  ];
  stream.write(`${paragraphs.join('\n\n')}\n`);
}

function headline({ service, written }, dryRun) {
  const modules = service.isEsModule ? 'ES modules' : 'CommonJS';
  const done = dryRun ? 'Would copy' : 'Copied';
  return `${done} ${written.length} files into ${service.name} (Nest ${service.major}, ${modules}).`;
}

function contents({ places, written, leftTransports }, tests) {
  const beside = written.filter((path) => path.startsWith(`${places.tests}/`)).length;
  const forTests = tests ? 'its tests, and TestIssuer for yours' : 'TestIssuer, for your tests';
  const rows = [
    [places.library, `the library, ${written.length - beside} files`],
    [places.tests, `${forTests}, ${beside} files`],
    ['not copied', leftTransports.join(', ')],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const shown = rows.filter(([, text]) => text !== '');
  return shown.map(([name, text]) => name.padEnd(width) + text);
}

function compilerStep({ compilerFaults }) {
  if (compilerFaults.length === 0) return undefined;
  return ['Set in tsconfig.json, under "compilerOptions"', compilerFaults];
}

function installStep({ toRun, toDevelop }) {
  const lines = [
    ...(toRun.length > 0 ? [`npm install ${toRun.join(' ')}`] : []),
    ...(toDevelop.length > 0 ? [`npm install --save-dev ${toDevelop.join(' ')}`] : []),
  ];
  return lines.length > 0 ? ['Install what is missing', lines] : undefined;
}

function forRoot(places) {
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

function rule(places) {
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

function jestStep(service) {
  const configuration = jestConfiguration(service);
  if (!configuration) return undefined;
  const lines = Object.entries(configuration).map(
    ([name, value]) => `"${name}": ${JSON.stringify(value)},`,
  );
  return ['Let your Jest read it: in its configuration', lines];
}

function testStep({ service, places }) {
  const command = testCommand(service, places.tests);
  return command && ['See that it works', [command]];
}

function indented(lines) {
  return lines.map((line) => `   ${line}`.trimEnd()).join('\n');
}
