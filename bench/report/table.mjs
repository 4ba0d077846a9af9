/**
 * A table in Markdown, so that it can go into a document as it is. The first column is to the left.
 * @param {Array<[title: string, value: (row: object) => string]>} columns
 */
export function table(columns, rows) {
  const cells = [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, value]) => value(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index].length)));
  const lines = cells.map(
    (row) => `| ${row.map((cell, i) => align(cell, widths[i], i)).join(' | ')} |`,
  );
  const rule = `|${widths.map((width, i) => (i ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function align(text, width, column) {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

/** A ratio over the rounds: its median, least and greatest. */
export function spread(ratio) {
  if (!ratio) return '';
  return `${significant(ratio.median)} (${significant(ratio.least)}–${significant(ratio.greatest)})`;
}

/** The same with its quartiles: where there are many rounds, the extremes are those of the machine. */
export function middleHalf(ratio) {
  if (!ratio) return '';
  return `${significant(ratio.median)} (${significant(ratio.lower)}–${significant(ratio.upper)})`;
}

/** A number to three digits; there is none where it could not be measured. */
export function significant(value) {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
