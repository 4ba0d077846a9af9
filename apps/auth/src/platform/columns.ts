import { Column } from 'typeorm';

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
