import { coloursFor } from '../terminal/colours.mjs';
import { APPS } from '../workspace.mjs';
import { humanLine } from './log-lines.mjs';

const STYLES = { auth: 'magenta', orders: 'cyan', billing: 'blue' };
const WIDTH = Math.max(...APPS.map((app) => app.length));

/** @returns {(line: string, service: { name: string }) => void} prints a line of an app's log */
export function linePrinter({ json }, stream = process.stdout) {
  if (json) return (line) => stream.write(`${line}\n`);
  const paint = coloursFor(stream);
  return (line, { name }) => {
    const prefix = paint(STYLES[name] ?? 'green', `${name.padEnd(WIDTH)} |`);
    const [first, ...rest] = humanLine(line, paint).split('\n');
    stream.write(`${[first, ...rest].map((text) => `${prefix} ${text}`).join('\n')}\n`);
  };
}
