import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** For development: returns the secret of 256 bits in a file, which the first process creates. */
export async function readOrCreateSecret(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, randomBytes(32).toString('base64url'), { mode: 0o600 });
  // `link` never replaces a file: when several processes start together, the first one's secret stays.
  await link(draft, file).catch(ignoreFileExists);
  await rm(draft);
  return readFile(file, 'utf8');
}

function ignoreFileExists(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
