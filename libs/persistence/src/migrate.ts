import { Logger } from '@nestjs/common';
import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';
import {
  createMigrationDataSource,
  createSqliteWriterDataSource,
  type DatabaseSettings,
  isPostgres,
} from './data-source.js';
import { describeDatabaseFault } from './database-fault.js';
import { getSqliteConnection } from './sqlite-statements.js';
import { retryWhileBusy } from './sqlite-writer.js';

/** Receives a sentence about what a migration waits for. */
type Report = (text: string) => void;

const REPORT_INTERVAL_MS = 10_000;

/**
 * Applies pending migrations in one transaction.
 *
 * @returns the names of all applied migrations
 */
export async function migrate(
  settings: DatabaseSettings,
  report: Report = (text) => new Logger('Migrations').warn(text),
): Promise<readonly string[]> {
  const dataSource = createDataSource(settings);
  let step: string | undefined;
  try {
    await retryWhileBusy(() => dataSource.initialize());
    step = `The migration of ${settings.name} failed`;
    await (isPostgres(settings)
      ? migratePostgres(dataSource, settings, report)
      : migrateSqlite(dataSource));
    return await listMigrations(dataSource);
  } catch (error) {
    throw describeDatabaseFault(error, settings, step);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

/** TypeORM loads the driver at once, and throws when it is not installed. */
function createDataSource(settings: DatabaseSettings): DataSource {
  try {
    return isPostgres(settings)
      ? createMigrationDataSource(settings)
      : createSqliteWriterDataSource(settings);
  } catch (error) {
    throw describeDatabaseFault(error, settings);
  }
}

/** For the command of an operator, which has no log: prints to standard error what the migration waits for. */
export const runMigrations = (settings: DatabaseSettings): Promise<readonly string[]> =>
  migrate(settings, (text) => process.stderr.write(`${text}\n`));

async function listMigrations(dataSource: DataSource): Promise<readonly string[]> {
  const rows: { name: string }[] = await dataSource.query(
    'SELECT name FROM migrations ORDER BY id',
  );
  return rows.map(({ name }) => name);
}

/** Several processes may share a file, such as two tools of one app: one applies the migrations while the others wait. */
async function migrateSqlite(dataSource: DataSource): Promise<void> {
  const connection = getSqliteConnection(dataSource);
  await retryWhileBusy(() => connection.exec('BEGIN IMMEDIATE'));
  try {
    await dataSource.runMigrations({ transaction: 'none' });
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Settings and lock belong to the transaction, so migrations also run through a pooler. When replicas start together, one applies
 * the migrations while the others wait for the lock.
 */
async function migratePostgres(dataSource: DataSource, { name }: DatabaseSettings, report: Report) {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  const stopReports = await startWaitReports(dataSource, runner, (blockers) =>
    report(`The migration of ${name} waits for ${blockers}.`),
  );
  try {
    await runner.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`migrate ${name}`]);
    await createMissingSchema(runner, name);
    await runner.query(`SELECT set_config('search_path', quote_ident($1), true)`, [name]);
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'all';
    await executor.executePendingMigrations();
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    stopReports();
    await runner.release();
  }
}

/** `CREATE SCHEMA IF NOT EXISTS` needs the right to create schemas even when the schema exists. */
async function createMissingSchema(runner: QueryRunner, name: string): Promise<void> {
  const found: unknown[] = await runner.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [
    name,
  ]);
  if (found.length === 0) await runner.query(`CREATE SCHEMA "${name}"`);
}

const FIND_BLOCKERS = `
  SELECT pid, usename, application_name, state, query FROM pg_stat_activity
  WHERE pid = ANY(pg_blocking_pids($1))`;

interface Blocker {
  readonly pid: number;
  readonly usename: string | null;
  readonly application_name: string | null;
  readonly state: string | null;
  readonly query: string | null;
}

/** Lifts the time limits of the transaction, and reports every ten seconds which processes hold a lock that it waits for. */
async function startWaitReports(
  dataSource: DataSource,
  runner: QueryRunner,
  report: Report,
): Promise<() => void> {
  const [session]: { pid: number }[] = await runner.query(
    `SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true), pg_backend_pid() AS pid`,
  );
  const reportBlockers = async () => {
    const blockers: Blocker[] = await dataSource.query(FIND_BLOCKERS, [session?.pid]);
    if (blockers.length > 0) report(blockers.map(describeBlocker).join(' and '));
  };
  const timer = setInterval(() => void reportBlockers().catch(() => undefined), REPORT_INTERVAL_MS);
  return () => clearInterval(timer);
}

const describeBlocker = ({ pid, usename, application_name, state, query }: Blocker): string =>
  `process ${pid} of PostgreSQL (user ${usename ?? 'unknown'}, application "${application_name ?? ''}", ` +
  `${state ?? 'unknown state'}: ${(query ?? '').replaceAll(/\s+/g, ' ').slice(0, 80)})`;
