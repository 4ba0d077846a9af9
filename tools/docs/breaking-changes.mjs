/**
 * Breaking changes between two OpenAPI 3.1 documents. This is our own code, because the differs on npm know OpenAPI 3.0 only,
 * and oasdiff, which knows 3.1, is a Go program.
 */
import { schemaChanges } from './schema-changes.mjs';

/** @typedef {Record<string, any>} OpenApi a document, or a part of one */
/** @typedef {Record<string, string[]>} Requirement scopes by security scheme */

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/**
 * The changes that break a client of the old document.
 *
 * @param {OpenApi} before
 * @param {OpenApi} after
 * @returns {string[]} a sentence for each, without its full stop
 */
export function breakingChanges(before, after) {
  return [...operationChanges(before, after), ...componentChanges(before, after)];
}

/** @param {OpenApi} before @param {OpenApi} after @returns {string[]} */
function operationChanges(before, after) {
  return operationsOf(before).flatMap(({ path, method, operation }) => {
    const route = `${method.toUpperCase()} ${path}`;
    const now = after.paths[path]?.[method];
    if (now === undefined) return [`${route} is gone`];
    const changes = [
      ...parameterChanges(parametersOf(before, path, operation), parametersOf(after, path, now)),
      ...bodyChanges(resolved(before, operation.requestBody), resolved(after, now.requestBody)),
      ...responseChanges(allOf(before, operation.responses), allOf(after, now.responses)),
      ...securityChanges(
        operation.security ?? before.security ?? [],
        now.security ?? after.security ?? [],
      ),
    ];
    return changes.map((change) => `${route}: ${change}`);
  });
}

/** @param {OpenApi} document */
const operationsOf = ({ paths }) =>
  Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      path,
      method,
      operation: item[method],
    })),
  );

/** @param {OpenApi} document @param {string} path @param {OpenApi} operation @returns {Map<string, OpenApi>} */
function parametersOf(document, path, operation) {
  const all = [...(document.paths[path].parameters ?? []), ...(operation.parameters ?? [])];
  return new Map(
    all
      .map((each) => resolved(document, each))
      .map((each) => [`\`${each.name}\` in ${each.in}`, each]),
  );
}

/** @param {Map<string, OpenApi>} before @param {Map<string, OpenApi>} after @returns {string[]} */
function parameterChanges(before, after) {
  const gone = [...before.keys()].filter((name) => !after.has(name));
  const needed = [...after].filter(
    ([name, { required }]) => required && !before.get(name)?.required,
  );
  const kept = [...before].filter(([name]) => after.has(name));
  return [
    ...gone.map((name) => `${name} is gone`),
    ...needed.map(([name]) => `${name} is required now`),
    ...kept.flatMap(([name, { schema = {} }]) =>
      schemaChanges(schema, after.get(name)?.schema ?? {}, { direction: 'request', at: name }),
    ),
  ];
}

/** @param {OpenApi | undefined} before @param {OpenApi | undefined} after @returns {string[]} */
function bodyChanges(before, after) {
  if (before === undefined) return after?.required ? ['a request body is required now'] : [];
  if (after === undefined) return ['there is no request body any more'];
  return [
    ...(after.required && !before.required ? ['the request body is required now'] : []),
    ...contentChanges(before, after, { direction: 'request', at: 'the request body' }),
  ];
}

/** @param {OpenApi} before @param {OpenApi} after @returns {string[]} */
function responseChanges(before, after) {
  return Object.entries(before).flatMap(([status, response]) => {
    const now = after[status];
    if (now === undefined) return [`the response ${status} is gone`];
    const headers = Object.keys(response.headers ?? {}).filter((name) => !now.headers?.[name]);
    return [
      ...headers.map((name) => `the response ${status} has no header \`${name}\` any more`),
      ...contentChanges(response, now, { direction: 'response', at: `the response ${status}` }),
    ];
  });
}

/** @param {OpenApi} before @param {OpenApi} after @param {import('./schema-changes.mjs').Place} place */
function contentChanges({ content: before = {} }, { content: after = {} }, { direction, at }) {
  return Object.entries(before).flatMap(([type, { schema = {} }]) => {
    if (!after[type]) return [`${at} is no ${type} any more`];
    return schemaChanges(schema, after[type].schema ?? {}, { direction, at });
  });
}

/**
 * A client that met one of the old requirements must meet one of the new ones. Every client meets an empty list.
 *
 * @param {Requirement[]} before
 * @param {Requirement[]} after
 */
function securityChanges(before, after) {
  const old = before.length === 0 ? [{}] : before;
  const now = after.length === 0 ? [{}] : after;
  return old
    .filter((held) => !now.some((needed) => isMetBy(needed, held)))
    .map(
      (held) => `${describe(held)} is not enough any more, but ${now.map(describe).join(', or ')}`,
    );
}

/** @param {Requirement} needed @param {Requirement} held */
const isMetBy = (needed, held) =>
  Object.entries(needed).every(
    ([scheme, scopes]) => held[scheme] && scopes.every((scope) => held[scheme].includes(scope)),
  );

/** @param {Requirement} requirement */
function describe(requirement) {
  const schemes = Object.entries(requirement).map(([scheme, scopes]) =>
    [scheme, ...scopes.map((scope) => `\`${scope}\``)].join(' '),
  );
  return schemes.length === 0 ? 'no credential' : schemes.join(' and ');
}

/**
 * A referenced schema can be in requests and in responses, so both directions are compared.
 *
 * @param {OpenApi} before
 * @param {OpenApi} after
 * @returns {string[]}
 */
function componentChanges({ components: before }, { components: after }) {
  const changes = Object.entries(before?.schemas ?? {}).flatMap(([name, schema]) => {
    const now = after?.schemas?.[name];
    if (now === undefined) return [];
    return /** @type {const} */ (['request', 'response']).flatMap((direction) =>
      schemaChanges(schema, now, { direction, at: `the schema \`${name}\`` }),
    );
  });
  return [...new Set(changes)];
}

/** @param {OpenApi} document @param {OpenApi} [parts] @returns {OpenApi} */
const allOf = (document, parts = {}) =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, resolved(document, part)]));

/**
 * The target of the `$ref` of a parameter, body or response (OpenAPI 3.1 §4.8.23). Ours are in the same document.
 *
 * @param {OpenApi} document
 * @param {OpenApi} part
 * @returns {any}
 */
function resolved(document, part) {
  if (part?.$ref === undefined) return part;
  /** @type {string[]} */
  const [, ...names] = part.$ref.split('/');
  return names.reduce((found, name) => found[name], document);
}
