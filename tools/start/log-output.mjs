import { coloursFor, escapeControlCharacters } from '../terminal/output.mjs';
import { SERVICES } from '../workspace.mjs';

/** @typedef {import('../terminal/output.mjs').Paint} Paint */
/** @typedef {Record<string, any>} LogRecord a line of an app's log */

/** In the order of the services. */
const SERVICE_STYLES = ['magenta', 'cyan', 'blue', 'yellow'];
const WIDTH = Math.max(...SERVICES.map((name) => name.length));
/** @type {Record<string, string>} */
const LEVEL_STYLES = { trace: 'dim', debug: 'dim', warn: 'yellow', error: 'red', fatal: 'red' };
/** Fields with a place of their own in the line, or of use to machines only. */
const PLACED = new Set(['level', 'time', 'name', 'msg', 'context', 'reqId', 'err', 'stack']);
const PLACED_OF_REQUEST = new Set([...PLACED, 'method', 'path', 'status', 'ms']);

/**
 * A function that prints a line of an app's log.
 *
 * @param {{ json: boolean }} options
 * @param {NodeJS.WriteStream} [stream]
 * @returns {(line: string, service: { name: string }) => void}
 */
export function logPrinter({ json }, stream = process.stdout) {
  if (json) return (line) => void stream.write(`${line}\n`);
  const paint = coloursFor(stream);
  return (line, { name }) => {
    const prefix = paint(
      SERVICE_STYLES[SERVICES.indexOf(name)] ?? 'green',
      `${name.padEnd(WIDTH)} |`,
    );
    const lines = readableLine(line, paint).split('\n');
    stream.write(`${lines.map((text) => `${prefix} ${text}`).join('\n')}\n`);
  };
}

/**
 * Turns a JSON line into text for people. A line that is not JSON, such as a stack trace, is printed as it is.
 *
 * @param {string} line
 * @param {Paint} paint
 */
export function readableLine(line, paint) {
  const record = parse(line);
  if (!record) return escapeControlCharacters(line);
  const level = String(record.level);
  const parts = [
    paint('dim', clockTime(record.time)),
    paint(LEVEL_STYLES[level] ?? 'green', level.padEnd(5)),
    escapeControlCharacters(messageOf(record)),
    paint('dim', fieldsOf(record)),
    stackOf(record),
  ];
  return parts.filter(Boolean).join(' ');
}

/** @param {string} line @returns {LogRecord | undefined} */
function parse(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** @param {LogRecord} record */
const isRequest = ({ msg, method }) => msg === 'request' && method !== undefined;

/** @param {LogRecord} record @returns {string} */
function messageOf(record) {
  if (isRequest(record)) return `${record.method} ${record.path} ${record.status} ${record.ms} ms`;
  return record.msg ?? record.detail?.type ?? record.context ?? '';
}

/** @param {LogRecord} record */
function fieldsOf(record) {
  const placed = isRequest(record) ? PLACED_OF_REQUEST : PLACED;
  return Object.entries(record)
    .filter(([name]) => !placed.has(name))
    .flatMap(([name, value]) => flattened(name, value))
    .join(' ');
}

/**
 * A security event is one member, `detail`. Its type is the message and its other members are the fields.
 *
 * @param {string} name
 * @param {any} value
 */
function flattened(name, value) {
  if (name !== 'detail' || typeof value !== 'object') return [field(name, value)];
  const { type: _type, ...members } = value;
  return Object.entries(members).map(([key, member]) => field(key, member));
}

/** @param {string} name @param {unknown} value */
function field(name, value) {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return `${name}=${escapeControlCharacters(text)}`;
}

/** @param {LogRecord} record */
function stackOf({ err, stack }) {
  /** @type {string | undefined} */
  const text = err?.stack ?? stack;
  return text ? `\n${text.split('\n').map(escapeControlCharacters).join('\n')}` : '';
}

/** @param {string | number} time */
function clockTime(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 8);
}
