/** Settings of the tools of apps/web, and their registration at auth. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClientKey, webClients } from '../web-clients/main.mjs';
import { dataFolder, WEB_TOOLS } from '../workspace.mjs';
import { demoCredential, inDataFolder } from './demo-credentials.mjs';

/** @typedef {import('../workspace.mjs').Environment} Environment */
/** @typedef {{ env: Environment, addresses: Record<string, string> }} Stack */

/**
 * @param {string} tool
 * @param {Stack} stack
 * @returns {Environment}
 */
export function webSettings(tool, { env, addresses }) {
  if (!WEB_TOOLS.includes(tool)) return {};
  return {
    TOOL: tool,
    PUBLIC_URL: addresses[tool],
    CLIENT_KEY: clientKey(tool, env),
    ORDERS_URL: addresses.orders,
    ORDERS_RESOURCE: addresses.orders,
    BILLING_URL: addresses.billing,
    BILLING_RESOURCE: addresses.billing,
    DEMO_ACTIVITY: 'true',
  };
}

/**
 * Writes the clients of the tools with their public keys and the addresses of this stack.
 *
 * @param {Stack & { isDemo: boolean }} stack
 * @returns {Environment} the setting by which auth registers them; nothing without demo data
 */
export function webClientSettings({ env, addresses, isDemo }) {
  if (!isDemo || WEB_TOOLS.length === 0) return {};
  const keys = Object.fromEntries(
    WEB_TOOLS.map((tool) => {
      const key = Buffer.from(clientKey(tool, env), 'base64url').toString();
      return [tool, JSON.parse(key)];
    }),
  );
  const file = join(dataFolder(env), 'web-clients.json');
  const text = JSON.stringify(webClients(addresses, keys), null, 2);
  inDataFolder(env, () => writeFileSync(file, text));
  return { SEED_CLIENTS: file };
}

/** A private key as base64url of a JWK. @param {string} tool @param {Environment} env */
function clientKey(tool, env) {
  const name = `WEB_${tool.toUpperCase().replaceAll('-', '_')}_KEY`;
  return demoCredential(env, name, () =>
    Buffer.from(JSON.stringify(createClientKey(tool))).toString('base64url'),
  );
}
