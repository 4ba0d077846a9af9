import { readFileSync } from 'node:fs';
import type { StatementCount } from './statement-counter.js';

const DOCUMENT = new URL('../../../docs/architecture.md', import.meta.url);
const HEADING = '## The cost of a request';

type DatabaseName = 'SQLite' | 'PostgreSQL';

/** A row of the table: use case, statements on SQLite and on PostgreSQL, round trips to PostgreSQL, commits. */
export function readDocumentedCosts(): ReadonlyMap<string, readonly number[]> {
  const section = readFileSync(DOCUMENT, 'utf8').split(HEADING)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => /^\| .*\d\s*\|$/.test(line));
  return new Map(
    rows.map((row) => {
      const [name = '', ...cells] = row.split('|').slice(1, -1);
      return [name.trim(), cells.map(Number)];
    }),
  );
}

/** @returns a sentence for each difference between the counted cost and the table */
export function compareWithDocument(
  useCase: string,
  database: DatabaseName,
  count: StatementCount,
): string[] {
  const [onSqlite, onPostgres, roundTrips, commits] = readDocumentedCosts().get(useCase) ?? [];
  const isSqlite = database === 'SQLite';
  const compared = [
    { name: 'statements', now: count.statements, documented: isSqlite ? onSqlite : onPostgres },
    { name: 'round trips', now: count.roundTrips, documented: isSqlite ? 0 : roundTrips },
    { name: 'commits', now: count.commits, documented: commits },
  ];
  const different = compared.filter(({ now, documented }) => now !== documented);
  const sentences = different.map(
    ({ name, now, documented = 0 }) =>
      `${useCase}, ${database}: ${now} ${name}, and docs/architecture.md has ${documented}. ` +
      (now > documented ? 'Save one, or give the reason in the commit.' : 'Lower the table.'),
  );
  return different.length === 0 ? [] : [...sentences, ...count.texts];
}
