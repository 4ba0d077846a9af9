import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Cleanup = () => unknown;

const cleanups: Cleanup[] = [];

/** Registers a cleanup that runs after the test file, also after a failure. The last registered cleanup runs first. */
export function cleanUpAfterTests(cleanup: Cleanup): void {
  cleanups.unshift(cleanup);
}

afterAll(async () => {
  const failures: unknown[] = [];
  for (const cleanup of cleanups.splice(0)) {
    try {
      await cleanup();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'Cleaning up failed');
});

/** Creates an empty folder and removes it after the test file. */
export async function createTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-e2e-'));
  cleanUpAfterTests(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}
