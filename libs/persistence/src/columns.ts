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

/** A boolean, stored as 1 or 0: SQLite has no boolean type, and its driver binds no booleans. */
export function BooleanColumn(name: string): PropertyDecorator {
  return Column('integer', {
    name,
    transformer: { to: (flag: boolean) => (flag ? 1 : 0), from: (stored: number) => stored === 1 },
  });
}

/** A list of words (scopes, grants) as OAuth writes it: one text, separated by single spaces (RFC 6749 §3.3). */
export function SpaceSeparatedColumn(name: string, length: number): PropertyDecorator {
  return Column('varchar', {
    name,
    length,
    transformer: {
      to: (words: readonly string[]) => words.join(' '),
      from: (text: string) => text.split(' ').filter(Boolean),
    },
  });
}
