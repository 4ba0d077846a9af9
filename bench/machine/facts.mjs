import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem, version as kernel } from 'node:os';
import { join } from 'node:path';
import { busyShare } from './cpu.mjs';

const bench = createRequire(import.meta.url);
const root = createRequire(new URL('../../package.json', import.meta.url));

/**
 * What a reader must know about the machine before believing a number.
 * @param {{ pins?: { server: number, client: number }, peers: string[], own: string[] }} run the packages whose
 *   versions matter: the peers', which are in bench, and the product's own
 */
export async function machineFacts({ pins, peers, own }) {
  return {
    at: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: kernel(),
    node: process.version,
    openssl: process.versions.openssl,
    pinned: pins ? `servers to CPU ${pins.server}, client to CPU ${pins.client}` : 'no',
    packages: {
      ...Object.fromEntries(peers.map((name) => [name, versionOf(name, bench)])),
      ...Object.fromEntries(own.map((name) => [`${name} (gatehouse)`, versionOf(name, root)])),
    },
    busyBefore: await busyShare(),
  };
}

/** Read from the file, as packages may keep their package.json out of `exports`. */
function versionOf(name, from) {
  for (const folder of from.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version;
    } catch {
      // Not in this node_modules: the next one up may have it.
    }
  }
  return 'not installed';
}
