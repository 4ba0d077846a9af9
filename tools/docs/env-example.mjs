import { renderDotEnv } from '@gatehouse/service-kit';
import { settingsOfApps } from './app-settings.mjs';

const HEAD = `# Written by npm run docs:build from the schemas in apps/*/src/*.config.ts. Change those.
#
# Everything is commented out, so a copy of this file changes nothing. Development needs none of it.
# \`npx nx serve <app>\` reads apps/<app>/.env: copy the part of that app, and take away the # of what you change.
# \`npm start\` reads no file: set variables in front of it. Docker Compose reads .env beside docker-compose.yml.
# docs/configuration.md has the same settings as tables.`;

export async function envExample() {
  const parts = (await settingsOfApps()).map(
    ({ app, rows }) => `# ---- ${app} ----\n\n${renderDotEnv(rows)}`,
  );
  return `${[HEAD, ...parts].join('\n\n')}\n`;
}
