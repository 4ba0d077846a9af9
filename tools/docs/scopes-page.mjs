import { AccessRules } from '@gatehouse/guards';
import { Failure } from '../terminal/command.mjs';
import { RESOURCE_SERVERS } from '../workspace.mjs';
import { openApiOf, withRunningApp } from './contracts.mjs';

/** @typedef {{ name: string, sentence: string, routes: string[], holders: string }} Scope */
/** @typedef {{ app: string, audience: string, scopes: Scope[] }} ResourceServer */

const DEFAULTS = 'apps/auth/src/default-resource-servers.ts';

const HEAD = `<!-- Written by npm run docs:build from the running apps. Change apps/*/src/*.scopes.ts, or the decorators. -->

# Scopes

A scope is a permission in an access token. A resource server declares the scopes that it enforces, each with the sentence
that the consent page shows. [CONTRIBUTING.md](../CONTRIBUTING.md#how-do-i-add-a-scope) says how to add one.
\`RESOURCE_SERVERS\` of auth lists the scopes of each resource server, and marks those that need a role of the user.
\`FIRST_PARTY_SCOPE\` lists the scopes that users get by the first-party login. Other clients get the scopes of their registration. All defaults are in
[configuration.md](configuration.md).

| Scope | Allows the holder to | Resource server | Routes | By default given to |
| --- | --- | --- | --- | --- |`;

export async function scopesPage() {
  const rows = (await describeResourceServers()).flatMap(({ app, audience, scopes }) =>
    scopes.map(({ name, sentence, routes, holders }) => [
      `\`${name}\``,
      sentence,
      `${app}, \`${audience}\``,
      routes.map((route) => `\`${route}\``).join('<br>'),
      holders,
    ]),
  );
  return `${[HEAD, ...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n')}\n`;
}

/**
 * Runs each resource server and reads its routes with their scopes.
 *
 * @returns {Promise<ResourceServer[]>}
 * @throws {Failure} when a scope is not in the routes, in the declaration and in auth's defaults
 */
export async function describeResourceServers() {
  const path = '../../apps/auth/dist/auth.config.js';
  const { authConfig } = await import(path);
  const texts = '../../apps/auth/dist/pages/texts/en.js';
  const { en } = await import(texts);
  const issuer = { ...authConfig({}), consentTexts: en.scopes };
  const servers = [];
  for (const app of RESOURCE_SERVERS) servers.push(await describeResourceServer(app, issuer));
  return servers;
}

/** @param {string} app @param {any} issuer the configuration of auth @returns {Promise<ResourceServer>} */
async function describeResourceServer(app, issuer) {
  const sentences = await scopesOf(app);
  const { audience, routes } = await withRunningApp(app, async (service, config) => ({
    audience: config.AUDIENCE,
    routes: await routesByScope(service),
  }));
  const registered = issuer.RESOURCE_SERVERS.find(
    (/** @type {{ identifier: string }} */ { identifier }) => identifier === audience,
  );
  requireAgreement(app, {
    declared: Object.keys(sentences),
    enforced: [...routes.keys()],
    granted: registered?.scopes ?? [],
  });
  requireConsentTexts(app, { sentences, registered, consentTexts: issuer.consentTexts });
  const ofUsers = new Set(issuer.FIRST_PARTY_SCOPE);
  const scopes = Object.entries(sentences).map(([name, sentence]) => ({
    name,
    sentence,
    routes: routes.get(name) ?? [],
    holders: describeHolders(name, ofUsers, registered.privileged),
  }));
  return { app, audience, scopes };
}

/** @param {string} name @param {Set<string>} ofUsers @param {ReadonlyMap<string, string[]>} privileged */
function describeHolders(name, ofUsers, privileged) {
  const roles = privileged.get(name);
  if (roles) return roles.length > 0 ? `users with the role ${roles.join(' or ')}` : 'services';
  return ofUsers.has(name) ? 'users who log in' : 'clients registered for it';
}

/**
 * The consent page shows the sentence of auth's list, and docs/scopes.md that of the resource server. No user sees the sentence
 * of a scope for services.
 *
 * @param {string} app
 * @param {{ sentences: Record<string, string>, registered: any, consentTexts: Record<string, string> }} found
 */
function requireConsentTexts(app, { sentences, registered, consentTexts }) {
  const faults = Object.entries(sentences)
    .filter(([scope]) => registered.privileged.get(scope)?.length !== 0)
    .filter(([scope, sentence]) => consentTexts[scope] !== sentence)
    .map(
      ([scope, sentence]) =>
        `${scope} is "${sentence}" in apps/${app}/src/${app}.scopes.ts, ` +
        `and "${consentTexts[scope] ?? ''}" in ${DEFAULTS}`,
    );
  if (faults.length > 0) throw new Failure(faults.join('\n'));
}

/** @param {string} app @returns {Promise<Record<string, string>>} */
async function scopesOf(app) {
  const module = await import(`../../apps/${app}/dist/${app}.scopes.js`);
  return module[`${app.toUpperCase()}_SCOPES`];
}

/** @param {string} app @param {Record<'declared' | 'enforced' | 'granted', string[]>} scopes */
function requireAgreement(app, { declared, enforced, granted }) {
  const all = new Set([...declared, ...enforced, ...granted]);
  const faults = [...all].flatMap((scope) => [
    ...(declared.includes(scope) ? [] : [`${scope} is not in apps/${app}/src/${app}.scopes.ts`]),
    ...(enforced.includes(scope) ? [] : [`${scope} is required by no route of ${app}`]),
    ...(granted.includes(scope) ? [] : [`${scope} is not in ${DEFAULTS}`]),
  ]);
  if (faults.length > 0) throw new Failure(faults.join('\n'));
}

/**
 * The guards know the scopes of handlers, the OpenAPI document knows their paths.
 *
 * @param {import('./contracts.mjs').Service} service
 * @returns {Promise<Map<string, string[]>>}
 */
async function routesByScope(service) {
  const { paths } = await openApiOf(service);
  /** @type {Map<string, string>} */
  const routeOf = new Map();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { operationId }] of Object.entries(operations)) {
      routeOf.set(operationId, `${method.toUpperCase()} ${path}`);
    }
  }
  /** @type {Map<string, string[]>} */
  const routes = new Map();
  for (const { controller, handler, scopes, anyScopes } of service.get(AccessRules).table()) {
    const route = routeOf.get(`${controller}_${handler}`) ?? `${controller}.${handler}`;
    for (const scope of [...scopes, ...anyScopes.flat()]) {
      routes.set(scope, [...(routes.get(scope) ?? []), route]);
    }
  }
  return routes;
}
