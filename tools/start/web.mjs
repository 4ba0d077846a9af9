/** Settings of the tools of apps/web, and their registration at auth. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder, ROOT, WEB_TOOLS } from '../workspace.mjs';
import { demoCredential, inDataFolder } from './demo-credentials.mjs';

/** @typedef {import('../workspace.mjs').Environment} Environment */
/** @typedef {{ env: Environment, addresses: Record<string, string> }} Stack */
/** @typedef {{ id: string, jwks: { keys: object[] }, [property: string]: unknown }} ClientDocument */

/** The clients as `npm run ops -- clients apply` reads them, without keys and with the default ports. */
const DOCUMENTS = join(ROOT, 'apps/web/clients.json');

/**
 * @param {string} tool
 * @param {Stack} stack
 * @returns {Environment}
 */
export const webSettings = (tool, { env, addresses }) => ({
  TOOL: tool,
  PUBLIC_URL: addresses[tool],
  CLIENT_KEY: clientKey(tool, env),
  ...(addresses.orders && { ORDERS_URL: addresses.orders, ORDERS_RESOURCE: addresses.orders }),
  ...(addresses.billing && { BILLING_URL: addresses.billing, BILLING_RESOURCE: addresses.billing }),
  DEMO_ACTIVITY: 'true',
});

/**
 * Writes the documents of the tools with their public keys and the addresses of this stack.
 *
 * @param {Stack} stack
 * @param {Record<string, string>} defaults the addresses in the documents
 * @returns {Environment} the setting by which auth applies the file
 */
export function webClientSettings({ env, addresses }, defaults) {
  if (WEB_TOOLS.length === 0) return {};
  const moved = WEB_TOOLS.reduce(
    (text, tool) => text.replaceAll(`${defaults[tool]}/`, `${addresses[tool]}/`),
    readFileSync(DOCUMENTS, 'utf8'),
  );
  /** @type {ClientDocument[]} */
  const documents = JSON.parse(moved);
  const clients = documents.map((document) => {
    const tool = document.id.replace('web-', '');
    const key = Buffer.from(clientKey(tool, env), 'base64url').toString();
    const { d: _private, ...publicKey } = JSON.parse(key);
    return { ...document, jwks: { keys: [publicKey] } };
  });
  const file = join(dataFolder(env), 'web-clients.json');
  inDataFolder(env, () => writeFileSync(file, JSON.stringify(clients, null, 2)));
  return { SEED_CLIENTS: file };
}

/** A private key as base64url of a JWK. @param {string} tool @param {Environment} env */
function clientKey(tool, env) {
  const name = `WEB_${tool.toUpperCase().replaceAll('-', '_')}_KEY`;
  return demoCredential(env, name, () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = { ...privateKey.export({ format: 'jwk' }), kid: `web-${tool}`, alg: 'ES256' };
    return Buffer.from(JSON.stringify(key)).toString('base64url');
  });
}
