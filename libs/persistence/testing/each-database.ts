import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from './postgres-server.js';

export interface TestDatabase {
  /** Present on PostgreSQL only. */
  readonly databaseUrl?: string;
  readonly dataDir: string;
}
interface DatabaseHost {
  create(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

/**
 * Runs the same tests on SQLite (a file in a temporary folder) and on a real PostgreSQL. `fresh()` creates an empty database.
 * After the tests all databases are deleted.
 */
export function eachDatabase(
  title: string,
  contract: (fresh: () => Promise<TestDatabase>, name: 'SQLite' | 'PostgreSQL') => void,
): void {
  describe(`${title}, on SQLite`, () => contract(useHost(startSqliteHost), 'SQLite'));
  describe(`${title}, on PostgreSQL`, () => contract(useHost(startPostgresHost), 'PostgreSQL'));
}

function useHost(start: () => Promise<DatabaseHost>): () => Promise<TestDatabase> {
  let host: DatabaseHost | undefined;
  beforeAll(async () => {
    host = await start();
  });
  afterAll(() => host?.stop());
  return () => (host ? host.create() : Promise.reject(new Error('call fresh() inside a test')));
}

async function startSqliteHost(): Promise<DatabaseHost> {
  const root = await mkdtemp(join(tmpdir(), 'gatehouse-sqlite-'));
  return {
    create: async () => ({ dataDir: await mkdtemp(join(root, 'data-')) }),
    stop: () => rm(root, { recursive: true, force: true }),
  };
}

async function startPostgresHost(): Promise<DatabaseHost> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-data-'));
  const server = await startPostgres();
  return {
    create: async () => ({
      dataDir,
      databaseUrl: await server.createDatabase(`test_${randomBytes(6).toString('hex')}`),
    }),
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
