import type { DataSource } from 'typeorm';
import { Batcher } from './batcher.js';
import { getPool, runPrepared } from './postgres-writer.js';
import { getSqliteConnection } from './sqlite-writer.js';

type Row = Record<string, unknown>;

/**
 * Reads one row by its primary key, for code that runs in every request. TypeORM's repository needs about four times the CPU of
 * the plain SQL. The SQL is built once from the entity's metadata, and its column transformers convert the row. Simultaneous
 * lookups share a read.
 */
export class RowLookup<Entity extends object> {
  private readonly batcher: Batcher<string, Row | undefined>;
  private readonly hydrate: (row: Row) => Entity;

  constructor(dataSource: DataSource, entity: new () => Entity) {
    const { columns, primaryColumns, tableName } = dataSource.getMetadata(entity);
    const key = primaryColumns[0]?.databaseName ?? '';
    const select = `SELECT ${columns.map(({ databaseName }) => databaseName).join(', ')} FROM ${tableName}`;
    const isPostgres = dataSource.options.type === 'postgres';
    const read = (isPostgres ? createPostgresReader : createSqliteReader)(dataSource, {
      select,
      key,
    });
    this.batcher = new Batcher<string, Row | undefined>(read);
    this.hydrate = (row) => {
      const found = new entity();
      for (const column of columns) {
        const value = dataSource.driver.prepareHydratedValue(row[column.databaseName], column);
        column.setEntityValue(found, value);
      }
      return found;
    };
  }

  async find(key: string): Promise<Entity | undefined> {
    const row = await this.batcher.submit(key);
    return row && this.hydrate(row);
  }
}

interface LookupStatement {
  readonly select: string;
  readonly key: string;
}

/** In SQLite the lock of a read costs more than the search for the row, so keys share one transaction. */
function createSqliteReader(dataSource: DataSource, { select, key }: LookupStatement) {
  const connection = getSqliteConnection(dataSource);
  const statement = connection.prepare<[string], Row>(`${select} WHERE ${key} = ?`);
  const all = connection.transaction((keys: readonly string[]) =>
    keys.map((k) => statement.get(k)),
  );
  return (keys: readonly string[]) => all(keys);
}

/** A round trip to PostgreSQL costs more than the search for the row, so keys share one. */
function createPostgresReader(dataSource: DataSource, { select, key }: LookupStatement) {
  const sql = `${select} WHERE ${key} = ANY($1)`;
  return async (keys: readonly string[]) => {
    const { rows } = await runPrepared<Row>(getPool(dataSource), sql, [[...new Set(keys)]]);
    const found = new Map(rows.map((row) => [row[key], row]));
    return keys.map((value) => found.get(value));
  };
}
