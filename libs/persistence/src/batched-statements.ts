import type { DataSource } from 'typeorm';
import { Batcher, POSTGRES_BATCHES } from './batcher.js';
import { toAvailabilityError } from './database-unavailable.exception.js';
import { getPool, runPrepared } from './prepared-statements.js';
import { getSqliteConnection } from './sqlite-statements.js';
import { type LateValues, readValues, type Writer } from './writer.js';

type Row = Record<string, unknown>;

/** The column that a {@link RowLookup} searches, if it is not the primary key, and a further condition in SQL. */
export interface LookupKey {
  readonly column: string;
  readonly condition: string;
}

/**
 * Reads one row by its primary key, for code that runs in every request. TypeORM's repository needs about four times the CPU of
 * the plain SQL. The SQL is built once from the entity's metadata, and its column transformers convert the row. Simultaneous
 * lookups share a read.
 */
export class RowLookup<Entity extends object> {
  private readonly batcher: Batcher<string, Row | undefined>;
  private readonly hydrate: (row: Row) => Entity;

  constructor(dataSource: DataSource, entity: new () => Entity, by?: LookupKey) {
    const { columns, primaryColumns, tableName } = dataSource.getMetadata(entity);
    const key = by?.column ?? primaryColumns[0]?.databaseName ?? '';
    const condition = by ? ` AND ${by.condition}` : '';
    const select = `SELECT ${columns.map(({ databaseName }) => databaseName).join(', ')} FROM ${tableName}`;
    const isPostgres = dataSource.options.type === 'postgres';
    const read = (isPostgres ? createPostgresReader : createSqliteReader)(dataSource, {
      select,
      key,
      condition,
    });
    this.batcher = new Batcher<string, Row | undefined>(read, isPostgres ? POSTGRES_BATCHES : 1);
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
  /** Begins with AND, or is empty. */
  readonly condition: string;
}

/** In SQLite the lock of a read costs more than the search for the row, so keys share one transaction. */
function createSqliteReader(dataSource: DataSource, { select, key, condition }: LookupStatement) {
  const connection = getSqliteConnection(dataSource);
  const statement = connection.prepare<[string], Row>(`${select} WHERE ${key} = ?${condition}`);
  const all = connection.transaction((keys: readonly string[]) =>
    keys.map((k) => statement.get(k)),
  );
  return (keys: readonly string[]) => {
    try {
      return all(keys);
    } catch (error) {
      throw toAvailabilityError(error);
    }
  };
}

/** A round trip to PostgreSQL costs more than the search for the row, so keys share one. */
function createPostgresReader(dataSource: DataSource, { select, key, condition }: LookupStatement) {
  const sql = `${select} WHERE ${key} = ANY($1)${condition}`;
  return async (keys: readonly string[]) => {
    const { rows } = await runPrepared<Row>(getPool(dataSource), sql, [[...new Set(keys)]]);
    const found = new Map(rows.map((row) => [row[key], row]));
    return keys.map((value) => found.get(value));
  };
}

/** An UPDATE of one row whose condition is its lock. The texts use `$1, $2 …`. */
export interface UpdateStatement {
  readonly table: string;
  readonly set: string;
  readonly where: string;
  /** SQL types of `$1, $2 …`. */
  readonly types: readonly string[];
}

type Values = readonly unknown[];

/**
 * A conditional update that many callers run at the same time. Of the callers that attempt the same change exactly one succeeds.
 * The result resolves when the change is durable.
 */
export interface ConditionalUpdate {
  /** @returns whether this call changed the row */
  apply(values: LateValues): Promise<boolean>;
}

/** SQLite's writer already lets statements share a commit. */
export function createSqliteConditionalUpdate(
  writer: Writer,
  { table, set, where }: UpdateStatement,
): ConditionalUpdate {
  const sql = `UPDATE ${table} SET ${set} WHERE ${where}`;
  return { apply: async (values) => (await writer.execute(sql, values)).affected === 1 };
}

/**
 * On PostgreSQL all pending calls become one statement over arrays. A statement changes a row once, so one of two calls for the
 * same change succeeds; `RETURNING` names the successful calls. The arrays are sorted by `$1`. All statements lock rows in that
 * order, so they cannot deadlock. One statement runs at a time: while PostgreSQL stalls, the other calls wait in the process, where
 * they can be given up.
 */
export function createPostgresConditionalUpdate(
  dataSource: DataSource,
  text: UpdateStatement,
): ConditionalUpdate {
  const sql = toArrayStatement(text);
  const batcher = new Batcher<LateValues, boolean>(async (batch) => {
    const calls = batch.map(tryReadValues);
    const given = calls.flatMap(({ values }) => (values ? [values] : [])).sort(compareFirstValues);
    const columns = text.types.map((_, column) => given.map((values) => values[column]));
    const winners = new Set<Values | undefined>();
    if (given.length > 0) {
      const { rows } = await runPrepared<{ n: number }>(getPool(dataSource), sql, columns);
      for (const { n } of rows) winners.add(given[n - 1]);
    }
    return calls.map(({ values, error }) =>
      values ? winners.has(values) : Promise.reject(error as Error),
    );
  });
  return { apply: (values) => batcher.submit(values) };
}

function tryReadValues(values: LateValues): { readonly values?: Values; readonly error?: unknown } {
  try {
    return { values: readValues(values) };
  } catch (error) {
    return { error };
  }
}

const compareFirstValues = ([one]: Values, [other]: Values): number =>
  String(one) < String(other) ? -1 : 1;

function toArrayStatement({ table, set, where, types }: UpdateStatement): string {
  const given = (text: string) => text.replaceAll(/\$(\d+)/g, 'given.v$1');
  const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
  const names = types.map((_, index) => `v${index + 1}`).join(', ');
  return (
    `UPDATE ${table} SET ${given(set)} ` +
    `FROM unnest(${arrays}) WITH ORDINALITY AS given(${names}, n) ` +
    `WHERE ${given(where)} RETURNING given.n`
  );
}
