import { Column } from 'typeorm';

/** A list of words (scopes, grants) as OAuth writes it: one text, the words apart by single spaces (RFC 6749 §3.3). */
export function WordListColumn(name: string, length: number): PropertyDecorator {
  return Column('varchar', {
    name,
    length,
    transformer: {
      to: (words: readonly string[]) => words.join(' '),
      from: (text: string) => text.split(' ').filter(Boolean),
    },
  });
}
