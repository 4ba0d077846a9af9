import { closeSync, fdatasyncSync, openSync, readFileSync, statfsSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem, version as kernel } from 'node:os';
import { join } from 'node:path';
import { busyShare } from './cpu.mjs';

const require = createRequire(import.meta.url);
const root = createRequire(new URL('../../package.json', import.meta.url));
const TMPFS_MAGIC = 0x01021994;

/** What a reader must know about the machine before believing a number. */
export async function machineFacts(dir, { pins, postgres }) {
  return {
    at: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: kernel(),
    node: process.version,
    openssl: process.versions.openssl,
    postgresql: postgres?.version ?? 'not started',
    packages: {
      'oidc-provider': versionOf('oidc-provider'),
      'better-sqlite3 (peer, limit)': versionOf('better-sqlite3'),
      'pg (peer, limit)': versionOf('pg'),
      'better-sqlite3 (gatehouse)': versionOf('better-sqlite3', root),
      '@nestjs/core (gatehouse)': versionOf('@nestjs/core', root),
      'typeorm (gatehouse)': versionOf('typeorm', root),
    },
    pinned: pins ? `servers to CPU ${pins.server}, client to CPU ${pins.client}` : 'no',
    inMemoryDisk: statfsSync(dir).type === TMPFS_MAGIC,
    busyBefore: await busyShare(),
    fdatasyncPerSecond: fdatasyncRate(dir),
  };
}

/** Read from the file, as packages may keep their package.json out of `exports`. */
function versionOf(name, from = require) {
  for (const folder of from.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version;
    } catch {
      // Not in this node_modules: the next one up may have it.
    }
  }
  return 'not installed';
}

/** How often per second this disk can append 4 KiB and have it safe: no commit can be faster. */
function fdatasyncRate(dir, milliseconds = 400) {
  const file = openSync(join(dir, 'fdatasync-probe'), 'w');
  const page = Buffer.alloc(4096, 1);
  const start = performance.now();
  let writes = 0;
  while (performance.now() - start < milliseconds) {
    writeSync(file, page);
    fdatasyncSync(file);
    writes += 1;
  }
  closeSync(file);
  return Math.round((writes * 1000) / (performance.now() - start));
}
