import { Column, type ColumnOptions } from 'typeorm';

/** A whole number beyond 2^31: `bigint` in the database, which drivers like to hand over as text. */
export function CountColumn(
  options: Pick<ColumnOptions, 'name' | 'nullable'> = {},
): PropertyDecorator {
  const from = (stored: string | number | null) => (stored === null ? null : Number(stored));
  return Column({ ...options, type: 'bigint', transformer: { to: (count) => count, from } });
}
