import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for logs and databases that goes when this process ends. All that is in it is on the disk of `parent`. */
export function workFolder(parent = tmpdir()) {
  const dir = mkdtempSync(join(parent, 'gatehouse-bench-'));
  // PostgreSQL may run as another user, who has to reach its folder in here.
  chmodSync(dir, 0o755);
  // On exit and not in a `finally`: Ctrl-C should leave nothing behind either.
  process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}
