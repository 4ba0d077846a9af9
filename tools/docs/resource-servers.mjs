import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessRules } from '@gatehouse/guards';
import { createService } from '@gatehouse/service-kit';
import { Failure } from '../terminal/failure.mjs';

const RESOURCE_SERVERS = ['orders', 'billing'];

/**
 * Starts each resource server, without a port and on an empty database, and asks it for its routes and their scopes.
 *
 * @throws {Failure} where a scope and the routes, or auth's defaults, do not agree
 */
export async function describeResourceServers() {
  const { authConfig } = await import('../../apps/auth/dist/auth.config.js');
  const issuer = authConfig({});
  const servers = [];
  for (const app of RESOURCE_SERVERS) servers.push(await describe(app, issuer));
  return servers;
}

async function describe(app, issuer) {
  const sentences = await scopesOf(app);
  const { audience, routes } = await running(app, routesByScope);
  requireAgreement(app, {
    declared: Object.keys(sentences),
    enforced: [...routes.keys()],
    granted:
      issuer.RESOURCE_SERVERS.find(({ identifier }) => identifier === audience)?.scopes ?? [],
  });
  const people = new Set(issuer.FIRST_PARTY_SCOPE);
  const scopes = Object.entries(sentences).map(([name, sentence]) => ({
    name,
    sentence,
    routes: routes.get(name),
    holders: people.has(name) ? 'people who log in' : 'clients that are registered with it',
  }));
  return { app, audience, scopes };
}

async function scopesOf(app) {
  const module = await import(`../../apps/${app}/dist/${app}.scopes.js`);
  return module[`${app.toUpperCase()}_SCOPES`];
}

function requireAgreement(app, { declared, enforced, granted }) {
  const all = new Set([...declared, ...enforced, ...granted]);
  const faults = [...all].flatMap((scope) => [
    ...(declared.includes(scope) ? [] : [`${scope} is not in apps/${app}/src/${app}.scopes.ts`]),
    ...(enforced.includes(scope) ? [] : [`${scope} is required by no route of ${app}`]),
    ...(granted.includes(scope) ? [] : [`${scope} is not in auth's default RESOURCE_SERVERS`]),
  ]);
  if (faults.length > 0) throw new Failure(faults.join('\n'));
}

/** @param {(service: object) => Promise<T>} ask @template T */
async function running(app, ask) {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-docs-'));
  const { AppModule } = await import(`../../apps/${app}/dist/app.module.js`);
  const config = (await import(`../../apps/${app}/dist/${app}.config.js`))[`${app}Config`]({
    DATA_DIR: folder,
    LOG_LEVEL: 'silent',
  });
  const { serviceOptions } = await import(`../../apps/${app}/dist/service.js`);
  const service = await createService(AppModule.with(config), serviceOptions(config));
  try {
    return { audience: config.AUDIENCE, routes: await ask(service) };
  } finally {
    await service.close();
    await rm(folder, { recursive: true });
  }
}

/** The guards know handlers and scopes, the OpenAPI document knows handlers and paths. */
async function routesByScope(service) {
  const { paths } = (await service.inject({ url: '/docs-json' })).json();
  const routeOf = new Map();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { operationId }] of Object.entries(operations)) {
      routeOf.set(operationId, `${method.toUpperCase()} ${path}`);
    }
  }
  const routes = new Map();
  for (const { controller, handler, scopes, anyScopes } of service.get(AccessRules).table()) {
    const route = routeOf.get(`${controller}_${handler}`);
    for (const scope of [...scopes, ...anyScopes.flat()]) {
      routes.set(scope, [...(routes.get(scope) ?? []), route]);
    }
  }
  return routes;
}
