import type { EntitySchema, MigrationInterface } from 'typeorm';

type Constructor<T> = new () => T;

export interface DatabaseSettings {
  /** Names the SQLite file, or the PostgreSQL schema: apps that share a database do not share tables. */
  readonly name: string;
  /** `postgres://…` selects PostgreSQL. Without it the data live in `<dataDir>/<name>.sqlite`. */
  readonly databaseUrl?: string | undefined;
  /** Folder of the SQLite file; made when missing. */
  readonly dataDir: string;
  readonly entities: readonly (Constructor<object> | EntitySchema)[];
  /** In the order in which they run. The same ones serve both databases. */
  readonly migrations: readonly Constructor<MigrationInterface>[];
  /** Whether opening applies pending migrations. Production runs them as a step of their own. */
  readonly migrate: boolean;
}

export const isPostgres = (settings: DatabaseSettings): boolean =>
  settings.databaseUrl !== undefined;
