import 'reflect-metadata';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createService, Metrics, toRunOptions } from '@gatehouse/service-kit';
import { Failure } from '../terminal/command.mjs';
import { APIS, importBuilt, ROOT } from '../workspace.mjs';
import { breakingChanges } from './breaking-changes.mjs';

/** @typedef {Awaited<ReturnType<typeof createService>>} Service */

/**
 * A built app that is not started yet, with the given settings.
 *
 * @param {string} app
 * @param {Record<string, string | undefined>} settings
 * @returns {Promise<{ service: Service, config: any }>}
 */
export async function createBuiltApp(app, settings) {
  const dist = `apps/${app}/dist`;
  const { AppModule } = await importBuilt(dist, 'AppModule');
  const { serviceOptions } = await importBuilt(dist, 'serviceOptions');
  const config = (await import(`../../${dist}/${app}.config.js`))[`${app}Config`](settings);
  return {
    service: await createService(AppModule.forRoot(config), {
      ...serviceOptions(config),
      ...toRunOptions(config),
    }),
    config,
  };
}

/**
 * Runs a built app without a port and with an empty database, while `use` runs.
 *
 * @template T
 * @param {string} app
 * @param {(service: Service, config: any) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withRunningApp(app, use) {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-docs-'));
  const settings = { DATA_DIR: folder, LOG_LEVEL: 'silent', METRICS_PORT: '0' };
  const { service, config } = await createBuiltApp(app, settings);
  try {
    return await use(service, config);
  } finally {
    await service.close();
    await rm(folder, { recursive: true });
  }
}

/** @param {Service} service @returns {Promise<any>} */
export async function openApiOf(service) {
  return (await service.inject({ url: '/docs-json' })).json();
}

/** @typedef {{ contract: any, metrics: Metrics['descriptions'] }} Interface */

/** @type {Map<string, Promise<Interface>>} */
const interfaces = new Map();

/**
 * The OpenAPI document that an app generates from its decorators and schemas, and its metrics.
 *
 * @param {string} app
 * @returns {Promise<Interface>}
 */
export function interfaceOf(app) {
  const known =
    interfaces.get(app) ??
    withRunningApp(app, async (service) => ({
      contract: await openApiOf(service),
      metrics: service.get(Metrics).descriptions,
    }));
  interfaces.set(app, known);
  return known;
}

/** @param {string} app */
const contractOf = async (app) => (await interfaceOf(app)).contract;

/** @param {string} app */
const contractFile = (app) => `apps/${app}/openapi.json`;

/** The part `orders` takes the tests with these clients out. */
const HAS_CLIENTS = existsSync(join(ROOT, 'apps/e2e/test/samples/contracts.spec.ts'));

/**
 * For each app: the OpenAPI document, and the types with which the clients in the end-to-end tests compile.
 *
 * @type {Record<string, () => Promise<string>>}
 */
export const contractPages = Object.fromEntries(
  APIS.flatMap((app) => [
    [contractFile(app), async () => JSON.stringify(await contractOf(app))],
    ...(HAS_CLIENTS ? [[`apps/e2e/src/contracts/${app}.ts`, () => clientTypesOf(app)]] : []),
  ]),
);

const OPENAPI_TYPESCRIPT = 'openapi-typescript';

/** @param {string} app */
async function clientTypesOf(app) {
  /** @type {any} A package of this folder, which a type check may lack. */
  const { default: openapiTS, astToString } = await import(OPENAPI_TYPESCRIPT);
  const types = astToString(await openapiTS(structuredClone(await contractOf(app))));
  return `/** Written by npm run docs:build from ${contractFile(app)}. */\n${types}`;
}

/** @type {import('./main.mjs').Check} */
export const contractsCheck = {
  title: 'No API breaks its clients',
  hint: 'Keep the old behaviour, or give a reason: npm run docs:build -- --accept-breaking "why"',
  faults: contractFaults,
};

/** Compares the documents of the apps with the kept documents. */
async function contractFaults() {
  const faults = [];
  for (const app of APIS) {
    const place = contractFile(app);
    const file = join(ROOT, place);
    if (!existsSync(file)) continue;
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    for (const message of breakingChanges(kept, await contractOf(app))) {
      faults.push({ place, message });
    }
  }
  return faults;
}

const RECORD = 'docs/api-changes.md';

/**
 * Records breaking changes with their reason.
 *
 * @param {string | undefined} reason
 * @throws {Failure} when there are breaking changes and no reason
 */
export async function recordBreakingChanges(reason) {
  const faults = await contractFaults();
  if (faults.length === 0) return;
  const lines = faults.map(({ place, message }) => `${place}: ${message}`);
  if (!reason?.trim()) {
    throw new Failure([`Clients would break. ${contractsCheck.hint}`, ...lines].join('\n  '));
  }
  const today = new Date().toISOString().slice(0, 10);
  const entry = [`\n## ${today}: ${reason.trim()}\n`, ...lines.map((line) => `- ${line}`)];
  appendFileSync(join(ROOT, RECORD), `${entry.join('\n')}\n`);
  process.stdout.write(`recorded  ${RECORD}\n`);
}
