import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeSettings, renderConfigurationTable, renderDotEnv } from '@gatehouse/service-kit';
import { format, resolveConfig } from 'prettier';
import { withShapesTable } from '../create/shapes.mjs';
import { APPS, builtFile, ROOT } from '../workspace.mjs';
import { contractPages } from './contracts.mjs';
import {
  GUARDS_OPTIONS_PAGE,
  GUARDS_README,
  guardsOptionsPage,
  guardsReadme,
} from './guards-options.mjs';
import { OBSERVABILITY_PAGE, observabilityPage } from './observability-page.mjs';
import { scopesPage } from './scopes-page.mjs';

export const ENV_EXAMPLE = '.env.example';

const CONFIGURATION_HEAD = `<!-- Written by npm run docs:build from the schemas in apps/*/src/*.config.ts. Change those. -->

# Configuration

Every setting is an environment variable. Development needs no settings. With \`NODE_ENV=production\` nothing is generated:
the app reports all missing or wrong settings at once and does not start. [architecture.md](architecture.md#how-is-it-configured)
says where these tables come from.

- \`X_FILE\` names a file with the value of \`X\`, for secrets of Docker and Kubernetes. Setting both is an error.
- An empty value counts as unset.
- A relative \`DATA_DIR\` starts at the working directory. \`npm start\`, \`npm run db:migrate\` and \`npx nx serve <app>\`
  run in the root of the repository.
- \`npm start\` sets \`SEED_DEMO\`, \`DEV_MAILBOX\` and the port of each app. \`AUTH_PORT\`, \`ORDERS_PORT\` and
  \`BILLING_PORT\` change the ports; issuer, \`AUDIENCE\` and \`RESOURCE_SERVERS\` follow. It names the database, and seeds
  only an empty one or its own.
`;

const ENV_EXAMPLE_HEAD = `# Written by npm run docs:build from the schemas in apps/*/src/*.config.ts. Change those.
#
# All lines are comments, so a copy of this file changes nothing. Development needs no settings.
# \`npx nx serve <app>\` reads apps/<app>/.env: copy the part of that app and remove the # of each line that you change.
# \`npm start\` reads no file: set variables in front of it. Docker Compose reads .env beside docker-compose.yml.
# docs/configuration.md has the same settings as tables.`;

/** @type {Record<string, () => string | Promise<string>>} */
const pages = {
  'README.md': () => withShapesTable(keptText('README.md')),
  'docs/configuration.md': configurationPage,
  'docs/scopes.md': scopesPage,
  [OBSERVABILITY_PAGE]: observabilityPage,
  [GUARDS_README]: guardsReadme,
  [GUARDS_OPTIONS_PAGE]: guardsOptionsPage,
  [ENV_EXAMPLE]: envExample,
  ...contractPages,
};

/** The settings of the built apps. */
async function settingsOfApps() {
  const settings = [];
  for (const app of APPS) {
    const config = await import(`../../apps/${app}/dist/${app}.config.js`);
    settings.push({ app, rows: describeSettings(config[`${app}Settings`]) });
  }
  return settings;
}

async function configurationPage() {
  const tables = (await settingsOfApps()).map(
    ({ app, rows }) =>
      `## ${app}\n\n[The schema](../apps/${app}/src/${app}.config.ts).\n\n${renderConfigurationTable(rows)}`,
  );
  return `${[CONFIGURATION_HEAD, ...tables].join('\n')}\n`;
}

async function envExample() {
  const parts = (await settingsOfApps()).map(
    ({ app, rows }) => `# ---- ${app} ----\n\n${renderDotEnv(rows)}`,
  );
  return `${[ENV_EXAMPLE_HEAD, ...parts].join('\n\n')}\n`;
}

/** @type {import('./main.mjs').Check} */
export const generatedCheck = {
  title: 'Generated documents agree with the code',
  hint: 'Run: npm run docs:build',
  faults: async () => {
    const faults = [];
    for (const [path, text] of await generate()) {
      const line = firstDifference(text, keptText(path));
      if (line === undefined) continue;
      faults.push({ place: `${path}:${line}`, message: 'differs from this line on' });
    }
    return faults;
  },
};

export async function writeGeneratedDocuments() {
  for (const [path, text] of await generate()) {
    const isChanged = text !== keptText(path);
    if (isChanged) {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), text);
    }
    process.stdout.write(`${isChanged ? 'written  ' : 'unchanged'} ${path}\n`);
  }
}

/** @returns {Promise<[path: string, text: string][]>} */
async function generate() {
  // Fails with a hint when the apps are not built.
  builtFile('auth', 'main.js');
  /** @type {[string, string][]} */
  const texts = [];
  for (const [path, render] of Object.entries(pages)) {
    texts.push([path, await formatted(path, await render())]);
  }
  return texts;
}

/** Formats as `npm run format` does. @param {string} path @param {string} text */
async function formatted(path, text) {
  if (path === ENV_EXAMPLE) return text;
  const file = join(ROOT, path);
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

/** @param {string} path */
function keptText(path) {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** The number of the first line that differs. @param {string} one @param {string} other */
function firstDifference(one, other) {
  if (one === other) return undefined;
  const lines = other.split(/\r?\n/);
  return one.split(/\r?\n/).findIndex((line, index) => line !== lines[index]) + 1;
}
