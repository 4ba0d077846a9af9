import type { DataSource } from 'typeorm';
import { Batcher } from './batcher.js';
import { poolOf, run } from './postgres-pool.js';
import { connectionOf } from './sqlite-statements.js';

type Row = Record<string, unknown>;

/**
 * Reads one row by its primary key, for the paths that every request takes: TypeORM's repository spends about four
 * times the CPU of the SQL text. The text is written once, from the entity's own metadata, and a row becomes the entity
 * by the same column transformers. Keys that are asked for at the same time share a read.
 */
export class RowLookup<Entity extends object> {
  private readonly rows: Batcher<string, Row | undefined>;
  private readonly hydrate: (row: Row) => Entity;

  constructor(dataSource: DataSource, entity: new () => Entity) {
    const { columns, primaryColumns, tableName } = dataSource.getMetadata(entity);
    const key = primaryColumns[0]?.databaseName ?? '';
    const select = `SELECT ${columns.map(({ databaseName }) => databaseName).join(', ')} FROM ${tableName}`;
    const isPostgres = dataSource.options.type === 'postgres';
    const read = (isPostgres ? fromPostgres : fromSqlite)(dataSource, { select, key });
    this.rows = new Batcher<string, Row | undefined>(read);
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
    const row = await this.rows.submit(key);
    return row && this.hydrate(row);
  }
}

interface Text {
  readonly select: string;
  readonly key: string;
}

/** A read costs SQLite more in taking and leaving its lock than in finding the row: keys share one transaction. */
function fromSqlite(dataSource: DataSource, { select, key }: Text) {
  const connection = connectionOf(dataSource);
  const statement = connection.prepare<[string], Row>(`${select} WHERE ${key} = ?`);
  const all = connection.transaction((keys: readonly string[]) =>
    keys.map((k) => statement.get(k)),
  );
  return (keys: readonly string[]) => all(keys);
}

/** A round trip to PostgreSQL costs more than the look-up: keys share one. */
function fromPostgres(dataSource: DataSource, { select, key }: Text) {
  const sql = `${select} WHERE ${key} = ANY($1)`;
  return async (keys: readonly string[]) => {
    const { rows } = await run<Row>(poolOf(dataSource), sql, [[...new Set(keys)]]);
    const found = new Map(rows.map((row) => [row[key], row]));
    return keys.map((value) => found.get(value));
  };
}
