import { Column, type ColumnOptions, type ValueTransformer } from 'typeorm';

/** A whole number above 2^31: `bigint` in the database, which drivers return as text. */
export function CountColumn(
  options: Pick<ColumnOptions, 'name' | 'nullable'> = {},
): PropertyDecorator {
  const from = (stored: string | number | null) => (stored === null ? null : Number(stored));
  return Column({ ...options, type: 'bigint', transformer: { to: (count) => count, from } });
}

const epochMilliseconds: ValueTransformer = {
  to: (instant: Date | null | undefined) => instant?.getTime() ?? instant,
  from: (stored: string | number | null) => (stored === null ? null : new Date(Number(stored))),
};

/**
 * A moment in time is a `Date` in the entity, epoch milliseconds (UTC) in the database.
 * TypeORM maps `Date` itself to columns of different meaning on SQLite and PostgreSQL.
 */
export function InstantColumn(
  options: Pick<ColumnOptions, 'name' | 'nullable'> = {},
): PropertyDecorator {
  return Column({ ...options, type: 'bigint', transformer: epochMilliseconds });
}
