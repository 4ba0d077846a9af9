/**
 * Adds a service to a project. `npm run create` calls it before `npm ci`, so this file and its imports need no package.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../terminal/command.mjs';
import { withExternalIssuer } from './external-issuer.mjs';
import { lockFileWith, manifestOf } from './manifest.mjs';
import { registrations } from './registrations.mjs';
import { filledTemplate, namesOf } from './template.mjs';

/**
 * @typedef {object} ServiceOptions
 * @property {string | number} [port] by default the next free one
 * @property {string} [one] the singular of the name, unless it is the name without its s
 * @property {number} [stamp] the number of the first migration, in milliseconds; by default the current time
 * @property {string} [issuer] of a project without apps/auth; by default that of .gatehouse.json
 * @property {string} [preset] the product of that issuer
 */

/**
 * Prepares every file before it writes the first, so that a failure changes nothing.
 *
 * @param {string} root of the project
 * @param {string} name in the plural, such as parcels
 * @param {ServiceOptions} [options]
 * @returns {{ port: number, added: string[], changed: string[], absent: string[] }} paths relative to the root
 * @throws {Failure}
 */
export function addService(root, name, { port, one, stamp = Date.now(), ...external } = {}) {
  const names = { ...namesOf({ root, name, one }), port: portFrom(port, portsIn(root)), stamp };
  const trust = { ...recordedChoices(root), ...external };
  const issuer = plainAddress(trust.issuer ?? 'http://localhost:3000');
  const template = filledTemplate({ ...names, issuer });
  const manifest = manifestOf(root, name);
  const folder = `apps/${name}`;
  const added = new Map([
    [`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`],
    ...[...withExternalIssuer(template, trust)].map(
      ([path, text]) => /** @type {[string, string]} */ ([`${folder}/${path}`, text]),
    ),
  ]);
  const { changed, absent } = registrations(root, names);
  changed.set('package-lock.json', lockFileWith(root, manifest));
  for (const [path, text] of [...added, ...changed]) write(join(root, path), text);
  return { port: names.port, added: [...added.keys()], changed: [...changed.keys()], absent };
}

/**
 * The ports of the apps, from the text of tools/workspace.mjs: an import would give those of another project.
 *
 * @param {string} root
 */
function portsIn(root) {
  const text = readFileSync(join(root, 'tools/workspace.mjs'), 'utf8');
  const lists = [...text.matchAll(/const (?:API|WEB)_PORTS = \{([^;]*)\};/g)].join('');
  return [...lists.matchAll(/([\w-]+)'?: (\d+)/g)].map(
    ([, app, port]) => /** @type {const} */ ([app, Number(port)]),
  );
}

/** The port before that of the first service. */
const BASE_PORT = 3000;

/**
 * @param {string | number | undefined} given
 * @param {(readonly [app: string, port: number])[]} taken
 * @throws {Failure} when it is not a port, or the port of another app
 */
function portFrom(given, taken) {
  const next = Math.max(BASE_PORT, ...taken.map(([, port]) => port)) + 1;
  const port = given === undefined ? next : Number(given);
  if (!Number.isInteger(port) || port < 1024 || port > 65535) {
    throw new Failure(`--port must be a number from 1024 to 65535, not "${given}".`);
  }
  const [owner] = taken.find(([, other]) => other === port) ?? [];
  if (owner) throw new Failure(`Port ${port} is that of ${owner}. Choose another one by --port.`);
  return port;
}

/**
 * What the project was created with. A project with its own auth has no issuer there.
 *
 * @param {string} root
 * @returns {{ issuer?: string, preset?: string }}
 */
function recordedChoices(root) {
  const file = join(root, '.gatehouse.json');
  if (!existsSync(file)) return {};
  const { issuer, preset } = JSON.parse(readFileSync(file, 'utf8')).choices ?? {};
  return { ...(issuer && { issuer }), ...(preset && { preset }) };
}

/**
 * The template puts the issuer between quotes.
 *
 * @param {string} issuer
 * @throws {Failure} when a character could end a string
 */
function plainAddress(issuer) {
  if (/^https?:\/\/[^\s'"`\\$<>]+$/.test(issuer)) return issuer;
  throw new Failure(
    `issuer: an address without blanks, quotes, $ and backslashes, not "${issuer}".`,
  );
}

/** @param {string} file @param {string} text */
function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
