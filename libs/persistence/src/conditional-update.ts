import type { DataSource } from 'typeorm';
import { Batcher } from './batcher.js';
import { getPool, runPrepared } from './postgres-statements.js';
import type { Writer } from './writer.js';

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
 * A conditional update that many callers make at once. Of those that want the same step exactly one makes it; each is
 * told whether that was it, when the step is durable.
 */
export interface ConditionalUpdate {
  apply(values: Values): Promise<boolean>;
}

/** SQLite's writer lets statements share a commit as they are. */
export function createSqliteConditionalUpdate(
  writer: Writer,
  { table, set, where }: UpdateStatement,
): ConditionalUpdate {
  const sql = `UPDATE ${table} SET ${set} WHERE ${where}`;
  return { apply: async (values) => (await writer.execute(sql, values)).affected === 1 };
}

/**
 * PostgreSQL is given all that wait as one statement over arrays. A row changes once per statement, so where two of them
 * want the same step, one gets it; `RETURNING` names the ones that did. It locks the rows in the order of the arrays, which is
 * that of `$1`: statements that all do so never wait for each other.
 */
export function createPostgresConditionalUpdate(
  dataSource: DataSource,
  text: UpdateStatement,
): ConditionalUpdate {
  const sql = toArrayStatement(text);
  const batcher = new Batcher<Values, boolean>(async (batch) => {
    const given = [...batch].sort(compareFirstValues);
    const columns = text.types.map((_, column) => given.map((values) => values[column]));
    const { rows } = await runPrepared<{ n: number }>(getPool(dataSource), sql, columns);
    const winners = new Set(rows.map(({ n }) => given[n - 1]));
    return batch.map((values) => winners.has(values));
  });
  return { apply: (values) => batcher.submit(values) };
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
