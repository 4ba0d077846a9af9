import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/workspace.js';
import type { ClientDefinition } from './client-app.js';
import type { Results } from './walk.js';

const PAGE = join(ROOT, 'docs/clients.md');
const TABLE = /(<!-- clients:begin -->\n)([^]*?)(\n<!-- clients:end -->)/;
const HEAD = [
  'client',
  'version',
  'options',
  'sign-in',
  'name, e-mail',
  'API',
  'refresh twice',
  'refused code',
  'refused consent',
  'sign-out',
];

export interface Trial {
  readonly client: ClientDefinition;
  readonly version: string;
  readonly results: Results;
}
type Row = readonly string[];

const toRow = ({ client, version, results }: Trial): Row => [
  client.title,
  version,
  client.create ? `\`${client.create.join(' ')}\`` : '–',
  results['sign-in'],
  results.user,
  results.API,
  results.refresh,
  results['bad code'],
  results.denied,
  results['sign-out'],
];

/** The rows of the page, without the head. */
export function readClientsTable(): Row[] {
  const [, , table = ''] = TABLE.exec(readFileSync(PAGE, 'utf8')) ?? [];
  return table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The version differs where a distribution has another one. */
export const withoutVersion = (row: Row): Row => row.toSpliced(1, 1);

export const toRows = (trials: readonly Trial[]): Row[] => trials.map(toRow);

/** Replaces the rows of these clients, and the date. */
export function writeClientsTable(trials: readonly Trial[]): void {
  const added = new Map(toRows(trials).map((row) => [row[0], row]));
  const kept = readClientsTable().filter(([title]) => !added.has(title ?? ''));
  const rows = [...kept, ...added.values()].sort(([one = ''], [other = '']) =>
    one.toLowerCase() < other.toLowerCase() ? -1 : 1,
  );
  const date = new Date().toISOString().slice(0, 10);
  const text = `\n${render([HEAD, ...rows])}\n\nThis run: ${date}.\n`;
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(
    PAGE,
    page.replace(TABLE, (_all, begin, _old, end) => `${begin}${text}${end}`),
  );
}

/** As prettier formats it. */
function render(rows: readonly Row[]): string {
  const widths = HEAD.map((_title, n) => Math.max(3, ...rows.map((row) => row[n]?.length ?? 0)));
  const line = (cells: Row) =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
