/** The texts of a project, from templates/. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renamed, titleOf } from './names.mjs';
import { alignTables } from './unlink.mjs';

/** @typedef {import('./choices.mjs').Choices} Choices */

const TEMPLATES = fileURLToPath(new URL('templates', import.meta.url));

/**
 * @param {string} target
 * @param {Choices} choices
 */
export function writeTexts(target, choices) {
  renameSync(join(target, 'LICENSE'), join(target, 'LICENSE.gatehouse'));
  const facts = factsOf(target, choices);
  for (const name of readdirSync(TEMPLATES)) {
    const text = readFileSync(join(TEMPLATES, name), 'utf8').replaceAll('\r\n', '\n');
    writeFileSync(join(target, name.replace('.template', '')), fill(text, facts));
  }
  if (!choices.samples) writeWithoutSamples(target, choices);
}

/** @type {[file: string, from: RegExp, to: string][]} */
const WITHOUT_AUTH = [
  ['docs/observability.md', /^The labels of `security_events_total`[^]*?\n\n/m, ''],
  [
    'docs/recipes/move-to-postgresql.md',
    / Most rows can be left[^]*?\n\n(- .*\n)+\nCopy/,
    '\n\nCopy',
  ],
  ['docs/recipes/move-to-postgresql.md', /,? Keep\s`SERVER_SECRET`\./, ''],
];

/** Sentences and rows about the samples, for projects without them. @param {string} target @param {Choices} choices */
function writeWithoutSamples(target, { services, auth }) {
  const apps = [...(auth === 'own' ? ['auth'] : []), ...services];
  const scrape =
    auth === 'own' ? 'one SQL statement at auth, and none at services' : 'no SQL statement';
  const rowsOfOthers =
    auth === 'own' ? /^\| \S+ +\| orders +\|.*\n/gm : /^\| \S+ +\| (orders|auth) +\|.*\n/gm;
  /** @type {[file: string, from: RegExp, to: string][]} */
  const changes = [
    ['docs/observability.md', rowsOfOthers, ''],
    ['docs/observability.md', /^(\| \S+ +\| )orders, billing/gm, `$1${services.join(', ')}`],
    ['docs/observability.md', /(A scrape costs) [^.]*\./, `$1 ${scrape}.`],
    ...(auth === 'own' ? [] : WITHOUT_AUTH),
    ['docs/flows/guarded-request.md', / The policy of orders [^.]*\./, ''],
    [
      'docs/recipes/move-to-postgresql.md',
      /when `auth`, `orders`[^.]*\./,
      `that exist: ${apps.join(', ')}.`,
    ],
    [
      'docs/recipes/move-to-postgresql.md',
      /Copy accounts, orders and invoices/,
      'Copy the rows that you need',
    ],
    ['docs/recipes/move-to-postgresql.md', /data\/orders\.sqlite/, `data/${services[0]}.sqlite`],
    ['docs/recipes/move-to-postgresql.md', /FROM customer_order/, 'FROM the_table'],
    ['docs/recipes/move-to-postgresql.md', /orders\.customer_order/, `${services[0]}.the_table`],
  ];
  for (const [path, from, to] of changes) {
    const file = join(target, path);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (from.test(text)) writeFileSync(file, alignTables(text.replace(from, to)));
  }
}

/** @typedef {{ is: Record<string, boolean>, words: Record<string, string> }} Facts */

/** It ends the line before, so that an upgrade changes no line of an earlier project. @param {string} target */
const reportSentence = (target) =>
  existsSync(join(target, 'SECURITY.md'))
    ? ' Report a vulnerability as [SECURITY.md](SECURITY.md) describes.'
    : '';

/** @param {string} target @param {Choices} choices @returns {Facts} */
function factsOf(
  target,
  { name, services, samples, auth, issuer = '', preset = '', parts, database },
) {
  const all = [...(samples ? ['orders', 'billing'] : []), ...services];
  const { scripts } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
  return {
    is: {
      own: auth === 'own',
      external: auth === 'external',
      postgres: database === 'postgres',
      preset: preset !== '',
      samples,
      docker: parts.includes('docker') && existsSync(join(target, 'Dockerfile')),
      kubernetes: parts.includes('kubernetes'),
      web: existsSync(join(target, 'apps/web')),
      smoke: Object.hasOwn(scripts, 'smoke'),
      remove: Object.hasOwn(scripts, 'remove'),
      service: Object.hasOwn(scripts, 'new:service'),
      upgrade: Object.hasOwn(scripts, 'upgrade'),
      slow: Object.hasOwn(scripts, 'test:slow'),
    },
    words: {
      title: titleOf(name),
      // The third person of the verb in the first sentence.
      s: all.length === 1 ? 's' : '',
      ies: all.length === 1 ? 'ies' : 'y',
      service: services[0] ?? 'orders',
      services: all
        .map((each) => `\`apps/${each}\``)
        .join(', ')
        .replace(/, ([^,]*)$/, ' and $1'),
      issuer,
      preset,
      report: reportSentence(target),
    },
  };
}

/**
 * Keeps the lines between `<!-- if x -->` and `<!-- end -->` when x holds, and fills in `{{words}}`.
 *
 * @param {string} text
 * @param {Facts} facts
 */
function fill(text, { is, words }) {
  return text
    .replace(/^<!-- if (\w+) -->\n([^]*?)^<!-- end -->\n/gm, (_all, fact, lines) =>
      is[fact] ? lines : '',
    )
    .replace(/\{\{(\w+)\}\}/g, (_all, word) => words[word])
    .replace(/\n{3,}/g, '\n\n');
}

const ENV_HEAD = `# The settings of the apps, with their defaults. apps/*/src/*.config.ts declares them.
#
# All lines are comments, so a copy of this file changes nothing. Development needs no settings.
# \`npx nx serve <app>\` reads apps/<app>/.env: copy the part of that app and remove the # of each line that you change.
# \`npm start\` reads no file: set variables in front of it.`;

/**
 * `.env.example` of the apps that are here. A new service has the settings of billing that its own schema declares.
 *
 * @param {{ source: string, target: string, choices: Choices }} project
 */
export function writeEnvExample({ source, target, choices }) {
  const text = readFileSync(join(source, '.env.example'), 'utf8').replaceAll('\r\n', '\n');
  const sections = new Map(
    [...text.matchAll(/^# ---- (\w+) ----\n\n([^]*?)(?=^# ---- |(?![^]))/gm)].map(
      ([, app, settings]) => /** @type {const} */ ([app, settings.trim()]),
    ),
  );
  const own = [...sections].filter(([app]) => existsSync(join(target, 'apps', app)));
  const added = choices.services.map((app) => {
    const settings = settingsOfService(sections.get('billing') ?? '', configOf(target, app));
    return /** @type {const} */ ([app, settings]);
  });
  const all = [...own, ...added].map(([app, settings]) => `# ---- ${app} ----\n\n${settings}`);
  const example = `${[ENV_HEAD, ...all].join('\n\n')}\n`;
  writeFileSync(join(target, '.env.example'), renamed(example, choices));
}

/** @param {string} target @param {string} app */
const configOf = (target, app) =>
  readFileSync(join(target, `apps/${app}/src/${app}.config.ts`), 'utf8');

/** Settings of every app, which `commonSettings` declares. The first one of a resource server follows them. */
const FIRST_OWN_SETTING = '#AUTH_ISSUER=';

/** @param {string} billing @param {string} config */
function settingsOfService(billing, config) {
  const settings = billing.split('\n\n');
  const first = settings.findIndex((each) => each.includes(`\n${FIRST_OWN_SETTING}`));
  const [, port = ''] = /port: (\d+)/.exec(config) ?? [];
  return settings
    .filter((each, index) => index < first || config.includes(`  ${nameOf(each)}: `))
    .map((each) => each.replace(/^#PORT=.*/m, `#PORT=${port}`))
    .map((each) =>
      each.replace(/^#(AUDIENCE|AUTH_ISSUER)=.*/m, (all, name) => defaultIn(config, name) ?? all),
    )
    .join('\n\n');
}

/** @param {string} setting */
const nameOf = (setting) => /^#([A-Z_0-9]+)=/m.exec(setting)?.[1] ?? '';

/** @param {string} config @param {string} name */
function defaultIn(config, name) {
  const [, value] = new RegExp(`${name}: [^]*?\\.default\\('([^']*)'\\)`).exec(config) ?? [];
  return value && `#${name}=${value}`;
}
