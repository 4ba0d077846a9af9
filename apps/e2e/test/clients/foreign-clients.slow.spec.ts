import { cleanUpAfterTests } from '../support/cleanup.js';
import { findChromium, startBrowser } from '../support/chromium.js';
import { e2eConfig } from '../support/e2e.config.js';
import {
  ClientApp,
  type ClientDefinition,
  findMissing,
  listClients,
  readVersion,
} from './support/client-app.js';
import {
  readClientsTable,
  toRows,
  type Trial,
  withoutVersion,
  writeClientsTable,
} from './support/clients-table.js';
import { installWorkspace } from '../support/install-workspace.js';
import { registerClient, startTlsStack, type TlsStack } from './support/tls-stack.js';
import { ChromiumUserAgent, HttpUserAgent, type UserAgent } from './support/user-agent.js';
import { failAll, type Results, STEPS, Walk } from './support/walk.js';

/** Without a registry the tests are skipped. */
const canInstall = (folder: string): Promise<boolean> =>
  installWorkspace(folder).then(
    () => true,
    (error: unknown) => {
      console.warn(String(error));
      return false;
    },
  );

const clients = listClients();
const needPackages = clients.some(({ needs }) => needs === 'npm');
const hasPackages = needPackages && (await canInstall('test/clients'));
const missing = new Map(
  clients.map((client) => [client.name, findMissing(client, hasPackages)] as const),
);
const present = clients.filter(({ name }) => missing.get(name) === undefined);
const trials = new Map<string, Trial>();
/** Most apps wait for auth, which has one processor. */
const CONCURRENT_APPS = 5;

type CreateUserAgent = (client: ClientDefinition) => Promise<UserAgent>;

for (const { name, title } of clients) {
  const reason = missing.get(name);
  if (reason === undefined) continue;
  const skipped = `SKIPPED: ${title} was not tried: ${reason}`;
  console.warn(skipped);
  it.skip(skipped, () => undefined);
}

(present.length > 0 ? describe : describe.skip)('a client that others wrote', () => {
  beforeAll(async () => {
    const apps = await Promise.all(present.map((client) => ClientApp.create(client)));
    const stack = await startTlsStack(apps.map(({ baseUrl }) => baseUrl));
    const createUserAgent = await prepareUserAgents(stack);
    const waiting = [...apps];
    const tryApps = async (): Promise<void> => {
      for (let app = waiting.shift(); app; app = waiting.shift()) {
        const results = await tryApp(app, stack, createUserAgent).catch(failAll);
        report(app, results);
        trials.set(app.client.name, {
          client: app.client,
          version: readVersion(app.client),
          results,
        });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_APPS }, tryApps));
  }, 480_000);

  for (const { name, title } of present) {
    it.each(STEPS)(`completes the step "%s" with ${title}`, (step) => {
      expect(trials.get(name)?.results[step]).not.toMatch(/^no: /);
    });
  }

  it('makes the rows that the table of docs/clients.md has', () => {
    const made = [...trials.values()].filter(({ results }) => isSuccessful(results));
    if (e2eConfig.writesClientsTable) writeClientsTable(made);
    const written = readClientsTable().map(withoutVersion);
    expect(written).toEqual(expect.arrayContaining(toRows(made).map(withoutVersion)));
  });
});

async function tryApp(
  app: ClientApp,
  stack: TlsStack,
  createUserAgent: CreateUserAgent,
): Promise<Results> {
  await app.start(await registerClient(stack, app));
  const results = await new Walk(app, stack, await createUserAgent(app.client)).run();
  app.stop();
  return results;
}

async function prepareUserAgents(stack: TlsStack): Promise<CreateUserAgent> {
  const file = present.some(({ kind }) => kind === 'browser') ? findChromium() : undefined;
  const browser = file === undefined ? undefined : await startBrowser(file);
  return async ({ kind }) => {
    if (kind !== 'browser' || !browser) return new HttpUserAgent(stack.issuer, stack.authority);
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    cleanUpAfterTests(() => context.close());
    return ChromiumUserAgent.create(context);
  };
}

const isSuccessful = (results: Results): boolean =>
  Object.values(results).every((result) => !result.startsWith('no: '));

/** A failure shows the output of the app beside the step. */
function report(app: ClientApp, results: Results): void {
  if (isSuccessful(results)) return;
  const failures = Object.entries(results).filter(([, result]) => result.startsWith('no: '));
  const lines = failures.map(([step, result]) => `  ${step}: ${result}`);
  console.warn([app.client.title, ...lines, app.output.slice(-3000)].join('\n'));
}
