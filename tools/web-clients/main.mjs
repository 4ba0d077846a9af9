/**
 * `node tools/run.mjs web-clients <address of the shop> <address of the back office>` writes a private key for each tool of apps/web, and
 * the clients with the public keys, as `ops clients apply` reads them.
 */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand, UsageError } from '../terminal/command.mjs';
import { DEFAULT_PORTS, ROOT, WEB_TOOLS } from '../workspace.mjs';

/** @typedef {{ id: string, [property: string]: unknown }} ClientDocument */
/** @typedef {Record<string, unknown>} PrivateKey a JWK */

/** The clients without keys, at the default ports. */
const DOCUMENTS = join(ROOT, 'apps/web/clients.json');

export const command = defineCommand({
  usage: `Usage: node tools/run.mjs web-clients <address> <address>   keys and clients of ${WEB_TOOLS.join(' and ')}

Writes to this folder:
  shop_key, back_office_key   private keys: CLIENT_KEY_FILE of each tool
  web_clients.json            for: npm run ops -- clients apply web_clients.json`,
  options: {},
  allowPositionals: true,
  run: (_options, given) => {
    if (given.length !== WEB_TOOLS.length || !given.every((text) => URL.canParse(text))) {
      throw new UsageError(
        'Give the https address of each tool, such as https://shop.example.com.',
      );
    }
    const addresses = Object.fromEntries(
      WEB_TOOLS.map((tool, at) => [tool, new URL(given[at]).origin]),
    );
    const keys = Object.fromEntries(WEB_TOOLS.map((tool) => [tool, createClientKey(tool)]));
    for (const tool of WEB_TOOLS) {
      writeNew(`${tool.replaceAll('-', '_')}_key`, JSON.stringify(keys[tool]));
    }
    writeNew('web_clients.json', JSON.stringify(webClients(addresses, keys), null, 2));
  },
});

/** Never replaces a file. @param {string} file @param {string} text */
function writeNew(file, text) {
  writeFileSync(join(process.env.INIT_CWD ?? process.cwd(), file), text, {
    mode: 0o600,
    flag: 'wx',
  });
  process.stdout.write(`wrote ${file}\n`);
}

/** @param {string} tool @returns {PrivateKey} */
export function createClientKey(tool) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: `web-${tool}`, alg: 'ES256' };
}

/**
 * The clients with their public keys and addresses.
 *
 * @param {Record<string, string>} addresses by tool
 * @param {Record<string, PrivateKey>} keys by tool
 * @returns {ClientDocument[]}
 */
export function webClients(addresses, keys) {
  const text = WEB_TOOLS.reduce(
    (moved, tool) =>
      moved.replaceAll(`http://localhost:${DEFAULT_PORTS[tool]}/`, `${addresses[tool]}/`),
    readFileSync(DOCUMENTS, 'utf8'),
  );
  /** @type {ClientDocument[]} */
  const documents = JSON.parse(text);
  return documents.map((document) => {
    const { d: _private, ...publicKey } = keys[document.id.replace('web-', '')];
    return { ...document, jwks: { keys: [publicKey] } };
  });
}
