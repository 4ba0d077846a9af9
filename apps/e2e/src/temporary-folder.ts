import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanUpAfterTests } from './at-end.js';

/** An empty folder, removed when the test file is over. */
export async function createTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-e2e-'));
  cleanUpAfterTests(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}
