import { Column } from 'typeorm';

/** Yes or no, as 1 or 0: SQLite has no type of its own for it, and its driver binds no booleans. */
export function FlagColumn(name: string): PropertyDecorator {
  return Column('integer', {
    name,
    transformer: { to: (flag: boolean) => (flag ? 1 : 0), from: (stored: number) => stored === 1 },
  });
}
