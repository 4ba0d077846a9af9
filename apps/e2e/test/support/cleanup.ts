import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Cleanup = () => unknown;

const cleanups: Cleanup[] = [];

/** Runs when the test file is over, however it ended; what was registered last runs first. */
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

/** An empty folder, removed when the test file is over. */
export async function createTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-e2e-'));
  cleanUpAfterTests(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}
