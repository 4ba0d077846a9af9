export { eachDatabase, type TestDatabase } from './each-database.js';
export { TableLock } from './table-lock.js';
export { startPostgres, type PostgresServer } from './postgres-server.js';
