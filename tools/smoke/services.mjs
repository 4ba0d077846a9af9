import { Failure } from '../terminal/command.mjs';
import { readJson } from './walk.mjs';

/** @typedef {{ path: string, scope: string }} Route without parameters in the path */

/**
 * What the documents of a running service say about it.
 *
 * @typedef {object} Service
 * @property {string} name
 * @property {string} url
 * @property {string} resource the identifier of the resource server (RFC 9728)
 * @property {string} issuer whose tokens it accepts
 * @property {Route} list a GET
 * @property {(Route & { example: object }) | undefined} create a POST that a user may send, with the example of its OpenAPI schema
 */

/**
 * @param {{ name: string, url: string }[]} apps
 * @param {string | undefined} authUrl
 * @returns {Promise<Service[]>}
 */
export async function readServices(apps, authUrl) {
  const metadata = authUrl
    ? await readJson('auth', `${authUrl}/.well-known/oauth-authorization-server`)
    : undefined;
  return Promise.all(apps.map((app) => readService(app, metadata?.scopes_supported)));
}

/**
 * @param {{ name: string, url: string }} app
 * @param {string[] | undefined} userScopes the scopes that every user may have; undefined if no user can log in
 * @returns {Promise<Service>}
 */
async function readService({ name, url }, userScopes) {
  const { resource, authorization_servers: issuers } = await readJson(
    name,
    `${url}/.well-known/oauth-protected-resource`,
  );
  const { paths } = await readJson(name, `${url}/docs-json`);
  const routes = Object.entries(paths).filter(([path]) => !path.includes('{'));
  const [list] = routesWith(routes, 'get', userScopes);
  if (!list) throw new Failure(`${name} has no GET route without parameters that a user may call.`);
  const [create] = routesWith(routes, 'post', userScopes).flatMap(({ operation, ...route }) => {
    const example = operation.requestBody?.content['application/json']?.schema.example;
    return example ? [{ ...route, example }] : [];
  });
  return { name, url, resource, issuer: issuers[0], list, create };
}

/**
 * @param {[path: string, operations: any][]} routes
 * @param {'get' | 'post'} method
 * @param {string[] | undefined} userScopes
 */
function routesWith(routes, method, userScopes) {
  return routes.flatMap(([path, { [method]: operation }]) => {
    const scopes = operation?.security?.flatMap((/** @type {object} */ one) =>
      Object.values(one).flat(),
    );
    const scope = scopes?.find((/** @type {string} */ one) => userScopes?.includes(one) ?? true);
    return scope ? [{ path, scope, operation }] : [];
  });
}
