import type { DataSource } from 'typeorm';
import { Batcher } from './batcher.js';
import { connectionOf } from './sqlite-statements.js';

type Row = Record<string, unknown>;

/**
 * Reads one row by its primary key, for the paths that every request takes: TypeORM's repository spends about four
 * times the CPU of the SQL text. The text is written once, from the entity's own metadata, and a row becomes the entity
 * by the same column transformers.
 */
export class RowLookup<Entity extends object> {
  private readonly read: (key: string) => Promise<Row | undefined>;
  private readonly hydrate: (row: Row) => Entity;

  constructor(dataSource: DataSource, entity: new () => Entity) {
    const { columns, primaryColumns, tableName } = dataSource.getMetadata(entity);
    const key = primaryColumns[0]?.databaseName ?? '';
    const select = `SELECT ${columns.map(({ databaseName }) => databaseName).join(', ')} FROM ${tableName}`;
    const isPostgres = dataSource.options.type === 'postgres';
    this.read = (isPostgres ? together : oneByOne)(dataSource, { select, key });
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
    const row = await this.read(key);
    return row && this.hydrate(row);
  }
}

interface Text {
  readonly select: string;
  readonly key: string;
}

/** SQLite answers at once: past TypeORM's query runner this is a call into the library. */
function oneByOne(dataSource: DataSource, { select, key }: Text) {
  const statement = connectionOf(dataSource).prepare<[string], Row>(`${select} WHERE ${key} = ?`);
  return (value: string) => Promise.resolve(statement.get(value));
}

/** A round trip to PostgreSQL costs more than the look-up: keys that wait together share one. */
function together(dataSource: DataSource, { select, key }: Text) {
  const sql = `${select} WHERE ${key} = ANY($1)`;
  const batcher = new Batcher<string, Row | undefined>(async (keys) => {
    const rows = await dataSource.query<Row[]>(sql, [[...new Set(keys)]]);
    const found = new Map(rows.map((row) => [row[key], row]));
    return keys.map((value) => found.get(value));
  });
  return (value: string) => batcher.submit(value);
}
