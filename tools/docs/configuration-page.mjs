import { renderConfigurationTable } from '@gatehouse/service-kit';
import { settingsOfApps } from './app-settings.mjs';

const HEAD = `<!-- Written by npm run docs:build from the schemas in apps/*/src/*.config.ts. Change those. -->

# Configuration

Every setting is an environment variable. Development needs none of them: each has a default, or is made once in the
data folder. With \`NODE_ENV=production\` nothing is made, and the app does not start before each setting that is
required in production is given; it then names every fault at once. How these tables come about is told in
[architecture.md](architecture.md#how-is-it-configured).

- \`X_FILE\` holds the path of a file with the value of \`X\`, for secrets of Docker and Kubernetes. \`X\` and \`X_FILE\`
  together are a fault.
- An empty value counts as none.
- A relative \`DATA_DIR\` begins at the folder that the process is started in. \`npm start\`, \`npm run db:migrate\`
  and \`npx nx serve <app>\` begin at the root of the repository.
- \`npm start\` gives every app a port of its own: \`AUTH_PORT\`, \`ORDERS_PORT\` and \`BILLING_PORT\` move them. It sets
  \`SEED_DEMO\`, and tells the resource servers the issuer.
`;

export async function configurationPage() {
  const tables = (await settingsOfApps()).map(
    ({ app, rows }) =>
      `## ${app}\n\n[The schema](../apps/${app}/src/${app}.config.ts).\n\n${renderConfigurationTable(rows)}`,
  );
  return `${[HEAD, ...tables].join('\n')}\n`;
}
