const COLUMN_GAP = '  ';

/**
 * Aligns columns under their headings. Our own code instead of cli-table3, because cells may hold text of attackers, such as a
 * `User-Agent`: control characters must not reach the terminal, and cli-table3 does not remove them.
 */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  maxWidth = Infinity,
): string {
  const lines = [headings, ...rows.map((row) => row.map(toPrintable))];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) => {
      const text = line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(COLUMN_GAP);
      return shorten(text.trimEnd(), maxWidth);
    })
    .join('\n');
}

const shorten = (text: string, maxWidth: number): string =>
  text.length <= maxWidth ? text : `${text.slice(0, maxWidth - 1)}…`;

/** `label  value` on each line. */
export function formatFields(fields: Readonly<Record<string, string | null>>): string {
  const width = Math.max(...Object.keys(fields).map((label) => label.length));
  return Object.entries(fields)
    .map(([label, value]) => `${label.padEnd(width)}${COLUMN_GAP}${toPrintable(value)}`)
    .join('\n');
}

/** Tables fit in a terminal of this width; the last column is cut. */
export const TERMINAL_WIDTH = 100;

export const toPrintable = (text: string | null): string =>
  text === null || text === '' ? '–' : text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '�');

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;
const relativeTime = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** `2026-11-24 04:56:10Z`. */
export const formatUtc = (instant: Date | number): string =>
  `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')}Z`;

/** `in 3 days`, `2 hours ago`, `now`. */
export function formatRelativeTime(instant: Date | number, now: number): string {
  const distance = Number(instant) - now;
  const [unit, length] = UNITS.find(([, each]) => Math.abs(distance) >= each) ?? [];
  if (unit === undefined || length === undefined) return 'now';
  const count = Math.round(Math.abs(distance) / length);
  return relativeTime.format(Math.sign(distance) * count, unit);
}

/** `1 session`, `2 sessions`. */
export const formatCount = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;
