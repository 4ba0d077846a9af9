const LEVEL_STYLES = { trace: 'dim', debug: 'dim', warn: 'yellow', error: 'red', fatal: 'red' };
/** Shown in a place of their own, or of use only to machines. */
const PLACED = new Set(['level', 'time', 'name', 'msg', 'context', 'reqId', 'err', 'stack']);
const REQUEST = new Set([...PLACED, 'method', 'path', 'status', 'ms']);

/** Turns the apps' JSON lines into lines for people. What is no JSON (a stack, a crash) is shown as it is. */
export function humanLine(line, paint) {
  const record = parse(line);
  if (!record) return printable(line);
  const level = String(record.level);
  const parts = [
    paint('dim', clockTime(record.time)),
    paint(LEVEL_STYLES[level] ?? 'green', level.padEnd(5)),
    printable(messageOf(record)),
    paint('dim', fieldsOf(record)),
    stackOf(record),
  ];
  return parts.filter(Boolean).join(' ');
}

function parse(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const isRequest = ({ msg, method }) => msg === 'request' && method !== undefined;

function messageOf(record) {
  if (isRequest(record)) return `${record.method} ${record.path} ${record.status} ${record.ms} ms`;
  return record.msg ?? record.detail?.type ?? record.context ?? '';
}

function fieldsOf(record) {
  const shown = isRequest(record) ? REQUEST : PLACED;
  return Object.entries(record)
    .filter(([name]) => !shown.has(name))
    .flatMap(([name, value]) => flattened(name, value))
    .join(' ');
}

/** An event of the security log comes as one member: its type is the message, its other members are the fields. */
function flattened(name, value) {
  if (name !== 'detail' || typeof value !== 'object') return [field(name, value)];
  const { type, ...members } = value;
  return Object.entries(members).map(([key, member]) => field(key, member));
}

function field(name, value) {
  return `${name}=${printable(typeof value === 'object' ? JSON.stringify(value) : String(value))}`;
}

function stackOf({ err, stack }) {
  const text = err?.stack ?? stack;
  return text ? `\n${text.split('\n').map(printable).join('\n')}` : '';
}

/** Values come from clients: nothing that they send may move the cursor or write a line of its own. */
function printable(text) {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    return `\\u${character.codePointAt(0).toString(16).padStart(4, '0')}`;
  });
}

function clockTime(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 8);
}
