import { closeSync, fdatasyncSync, openSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const TMPFS_MAGIC = 0x01021994;

/** What the disk under a folder can do. */
export function diskFacts(dir) {
  return {
    inMemoryDisk: statfsSync(dir).type === TMPFS_MAGIC,
    fdatasyncPerSecond: fdatasyncRate(dir),
  };
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
