import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanUpAfterTests, createTemporaryFolder } from './cleanup.js';

export interface SmallDisk {
  readonly folder: string;
  giveTo(user: string): void;
  /** Takes all free space. */
  fill(): void;
  /** Gives the space back. */
  free(): void;
}

/** @returns undefined, after a line on standard error, where this user may not mount file systems */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const folder = await createTemporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], {
      stdio: 'pipe',
    });
  } catch {
    process.stderr.write('The full disk was not tried: this user may not mount a tmpfs.\n');
    return undefined;
  }
  cleanUpAfterTests(() => execFileSync('umount', ['--lazy', folder]));
  const filler = join(folder, 'filler');
  return {
    folder,
    giveTo: (user) => void execFileSync('chown', [user, folder]),
    fill: () => fillUp(filler),
    free: () => rmSync(filler),
  };
}

function fillUp(file: string): void {
  for (const size of [1 << 20, 1 << 12]) {
    const block = Buffer.alloc(size);
    try {
      for (;;) writeFileSync(file, block, { flag: 'a' });
    } catch {
      // The disk has no room for another block of this size.
    }
  }
}
