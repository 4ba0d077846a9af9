import { coloursFor } from '../terminal/output.mjs';
import { importOf } from './library.mjs';
import { PARTS } from './parts.mjs';
import { compilerFaults } from './service.mjs';
import { testCommand } from './test-runners.mjs';

/** @typedef {import('./main.mjs').Copy} Copy */
/** @typedef {import('./main.mjs').CopyOptions} CopyOptions */
/** @typedef {import('./service.mjs').Service} Service */
/** @typedef {[title: string, lines: string[]]} Step */

/**
 * Prints what was copied or changed, and the next steps.
 *
 * @param {Copy} copy
 * @param {CopyOptions} options
 */
export function announce(copy, options, stream = process.stdout) {
  const paint = coloursFor(stream);
  const steps = copy.last ? stepsOfUpdate(copy, options) : stepsOfCopy(copy, options);
  const paragraphs = [
    paint('bold', headline(copy, options)),
    indented(contents(copy)),
    indented(changesToShow(copy)),
    ...steps.flatMap(([title, lines], at) => [
      paint('bold', `${at + 1}. ${title}`),
      indented(lines.map((line) => paint('cyan', line))),
    ]),
    suggestions(copy),
    `${copy.target.places.library}/README.md has the rest.`,
  ];
  stream.write(`${paragraphs.filter((text) => text !== '').join('\n\n')}\n`);
}

/** @param {Copy} copy @param {CopyOptions} options */
function headline({ service, changes, last, texts }, { dryRun }) {
  const where = `${service.name} (Nest ${service.major}, ${service.isEsModule ? 'ES modules' : 'CommonJS'})`;
  const conflicts = changes.filter(({ outcome }) => outcome === 'conflict').length;
  const end =
    conflicts > 0
      ? `. You must resolve ${conflicts === 1 ? '1 conflict' : `${conflicts} conflicts`}.`
      : '.';
  if (!last) return `${dryRun ? 'Would copy' : 'Copied'} ${texts.size} files into ${where}${end}`;
  const changed = changes.filter(
    ({ text, outcome }) => text !== undefined || outcome === 'removed',
  );
  if (changed.length + conflicts === 0) return `The copy in ${where} is up to date.`;
  return `${dryRun ? 'Would change' : 'Changed'} ${changed.length} files in ${where}${end}`;
}

/** @param {Copy} copy */
function contents(copy) {
  const { target, choice, parts, texts, last, record } = copy;
  const sources = [...texts].filter(([path]) => path.startsWith('src/'));
  const forTests = [...texts.keys()].filter((path) => /^test(?:ing)?\//.test(path)).length;
  const lines = sources.reduce((sum, [, text]) => sum + text.split('\n').length - 1, 0);
  const rows = [
    [target.places.library, `${sources.length} source files, ${lines} lines`],
    [target.places.tests, forTests > 0 ? `${forTests} files for tests` : ''],
    ['version', versionOf(record)],
    ['before', last && last.commit !== record.commit ? versionOf(last) : ''],
    ['parts', [...parts].join(', ') || 'none: core and nest alone'],
    ...choice.byService.map((part) => [
      '',
      `${part}, because the service declares ${PARTS[part].transport}`,
    ]),
  ].filter(([, text]) => text !== '');
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, text]) => name.padEnd(width) + text);
}

/** @param {import('./record.mjs').CopyRecord} record */
function versionOf({ version, commit, date }) {
  return `${version}, commit ${commit.slice(0, 10)} of ${date}; libs/guards/CHANGELOG.md lists the changes`;
}

/** The changes of an update, and the conflicts of any copy. @param {Copy} copy */
function changesToShow({ changes, last }) {
  return changes
    .filter(({ outcome }) => outcome === 'conflict' || (last && outcome !== 'unchanged'))
    .map(({ path, outcome, note }) => `${outcome.padEnd(9)} ${path}${note ? `: ${note}` : ''}`);
}

/** @param {Copy} copy @param {CopyOptions} options @returns {Step[]} */
function stepsOfUpdate(copy, options) {
  return [...installStep(copy), ...settingSteps(copy, options)];
}

/** @param {Copy} copy @param {CopyOptions} options @returns {Step[]} */
function stepsOfCopy(copy, options) {
  const faults = compilerFaults(copy.service);
  const settings = copy.service.compilerOptions
    ? 'Set in tsconfig.json'
    : 'Make a tsconfig.json, because the copy is TypeScript: set';
  const command = testCommand(copy.service, copy.target.places.tests);
  const hasTests = [...copy.texts.keys()].some((path) => path.startsWith('test/'));
  return [
    ...(faults.length > 0
      ? [/** @type {Step} */ ([`${settings}, under "compilerOptions"`, faults])]
      : []),
    ...installStep(copy),
    ...settingSteps(copy, options),
    ['Name the trusted issuer in the root module', moduleExample(copy)],
    [
      'Decorate every handler: the service does not start with a handler without an access decorator',
      controllerExample(copy),
    ],
    [
      'Start the service: a request without a token gets 401',
      ['curl -i http://localhost:3000/orders'],
    ],
    ...(hasTests && command ? [/** @type {Step} */ (['Run the copied tests', [command]])] : []),
  ];
}

/** @param {Copy} copy @returns {Step[]} */
function installStep({ missing: { toRun, toDevelop }, service }) {
  // Jest before Node 24.9 cannot load an ES module that a package requires, as jwks-rsa 4 requires jose.
  const isTooNew = service.declares('jest') && service.majorOf('jwks-rsa') === '4';
  const packages = isTooNew ? [...toRun, 'jwks-rsa@3'] : toRun;
  const lines = [
    ...(packages.length > 0 ? [`npm install ${packages.join(' ')}`] : []),
    ...(toDevelop.length > 0 ? [`npm install --save-dev ${toDevelop.join(' ')}`] : []),
  ];
  return lines.length > 0 ? [['Install what is missing', lines]] : [];
}

/** @param {Copy} copy @param {CopyOptions} options @returns {Step[]} */
function settingSteps({ settings }, { write, dryRun }) {
  const done = dryRun ? 'Would be written to' : 'Written to';
  return settings.map(({ file, where, lines, isWritable }) =>
    write && isWritable ? [`${done} ${file}`, lines] : [`Add to ${file}, ${where}`, lines],
  );
}

/** @param {Copy} copy */
function moduleExample({ target }) {
  return [
    `import { GuardsModule } from '${importOf(undefined, target)}';`,
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

/** @param {Copy} copy */
function controllerExample({ target }) {
  return [
    `import { AccessToken, Public, RequireScopes } from '${importOf(undefined, target)}';`,
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

/** @param {Copy} copy */
function suggestions({ suggested, service, last, parts }) {
  const lines = suggested.map(
    (part) =>
      `The service declares ${PARTS[part].suits}. --with ${part} brings ${PARTS[part].brings}.`,
  );
  const hasRunner = service.declares('jest') || service.declares('vitest');
  if (!last && hasRunner && !parts.has('testing')) {
    lines.push(`--with testing brings ${PARTS.testing.brings}.`);
  }
  return lines.join('\n');
}

/** @param {string[]} lines */
function indented(lines) {
  return lines.map((line) => `   ${line}`.trimEnd()).join('\n');
}
