import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthConfig } from '../auth.config.js';
import { ServerSecrets } from './server-secrets.js';

/** The configured server secrets; in development, one that is made once and kept in the data folder. */
export async function serverSecretsOf(config: AuthConfig): Promise<ServerSecrets> {
  const configured = config.SERVER_SECRET?.split(',').map((secret) => secret.trim());
  return new ServerSecrets(configured ?? [await keptIn(config.DATA_DIR)]);
}

async function keptIn(folder: string): Promise<string> {
  const file = join(folder, 'server-secret');
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, randomBytes(32).toString('base64url'), { mode: 0o600 });
  // A link never replaces a file: of processes that start together the first one's secret stays.
  await link(draft, file).catch(ignoreExisting);
  await rm(draft);
  return readFile(file, 'utf8');
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
