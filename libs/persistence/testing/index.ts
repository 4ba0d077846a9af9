export { eachDatabase, type TestDatabase } from './each-database.js';
export { TableLock } from './table-lock.js';
export { startPostgres, type PostgresServer } from './postgres-server.js';
export { findSchemaDifferences } from './schema-differences.js';
export { isPgBouncerInstalled, type PgBouncer, startPgBouncer } from './pgbouncer.js';
export { type StatementCount, StatementCounter } from './statement-counter.js';
export { compareWithDocument, readDocumentedCosts } from './documented-cost.js';
