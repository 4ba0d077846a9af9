export { InstantColumn } from './instant-column.js';
export { openDatabase } from './open-database.js';
export { PersistenceModule } from './persistence.module.js';
export { UnitOfWork } from './unit-of-work.js';
export type { DatabaseSettings } from './database-settings.js';
export type { Database } from './open-database.js';
export type { ConditionalUpdate } from './conditional-update.js';
export type { RowLookup } from './row-lookup.js';
export type { Written } from './writer.js';
