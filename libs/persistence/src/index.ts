export { waitForEndOfTurn } from './batcher.js';
export { CLEANUP_IDLE_SECONDS, CleanupJob } from './cleanup-job.js';
export {
  buildIndexedDelete,
  buildKeyRangeStatements,
  CLEANUP_BATCH_SIZE,
  createIndexedCleanup,
  createKeyRangeCleanup,
} from './cleanup-tasks.js';
export { BooleanColumn, CountColumn, InstantColumn, SpaceSeparatedColumn } from './columns.js';
export { DatabaseUnavailableException } from './database-unavailable.exception.js';
export { DatabaseConfigurationError, describeDatabase } from './database-fault.js';
export { EXPIRED_LEASES, LEASE_TABLE, LeaseRepository } from './lease.repository.js';
export { runMigrations } from './migrate.js';
export { openDatabase } from './open-database.js';
export { Outbox } from './outbox.js';
export { PersistenceModule } from './persistence.module.js';
export { SchedulerModule } from './scheduler.module.js';
export { Scheduler } from './scheduler.js';
export { UnitOfWork } from './unit-of-work.js';
export type { CleanupStep, CleanupTask, ExpiredRows } from './cleanup-tasks.js';
export type { ConditionalUpdate } from './batched-statements.js';
export type { DatabaseSettings } from './data-source.js';
export type { TimeSource } from './held-lease.js';
export type { Job, LeasedJob } from './job-runner.js';
export type { Database } from './open-database.js';
export type { OutboxTable } from './outbox.js';
export type { RowLookup } from './batched-statements.js';
export type { SchedulerOptions } from './scheduler.js';
export type { Decision, SqlStatement, WriteResult } from './writer.js';
