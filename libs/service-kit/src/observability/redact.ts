/*
 * pino's own `redact` needs the path of each secret. This one finds a secret at any depth and in any spelling.
 */

/**
 * Members whose values are secrets wherever they appear, without case and separators: `access_token`, `accessToken`.
 * `code` is among them because of the authorization code: an error's code is logged as part of `err`.
 */
const SECRET_MEMBERS = new Set([
  ...['authorization', 'proxyauthorization', 'cookie', 'setcookie', 'dpop'],
  ...[
    'password',
    'passphrase',
    'secret',
    'serversecret',
    'clientsecret',
    'privatekey',
    'databaseurl',
  ],
  ...[
    'token',
    'accesstoken',
    'refreshtoken',
    'idtoken',
    'idtokenhint',
    'subjecttoken',
    'actortoken',
  ],
  ...[
    'code',
    'codeverifier',
    'assertion',
    'clientassertion',
    'requesturi',
    'devicecode',
    'usercode',
    'otp',
  ],
]);

const MAX_DEPTH = 6;
const redacted = '[redacted]';

/** Copies a value for the log without its secrets. Members below the sixth level are left out. */
export function redact(record: object): Record<string, unknown> {
  return redactMembers(record, 0);
}

/** Removes secrets that messages of other libraries can quote: JWTs, Bearer and Basic credentials, passwords in URLs. */
export function redactText(text: string): string {
  return text
    .replace(/\beyJ[\w-]+\.[\w-]*(\.[\w-]*)*/g, redacted)
    .replace(/\b(Bearer|Basic|DPoP) +[\w~+/.=-]+/gi, `$1 ${redacted}`)
    .replace(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${redacted}@`);
}

function redactMembers(record: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...record };
  for (const name in copy) {
    copy[name] = isSecret(name) ? redacted : redactValue(copy[name], depth + 1);
  }
  return copy;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((entry) => redactValue(entry, depth + 1));
  return hasToJson(value) ? value : redactMembers(value, depth);
}

/** Dates and URLs are logged as their text. */
function hasToJson(value: object): boolean {
  return 'toJSON' in value;
}

/** Caches the answer per member name, because log lines have few names. The cache is bounded because clients send names too. */
const isSecretByName = new Map<string, boolean>();
const MAX_CACHED_NAMES = 1_000;

function isSecret(name: string): boolean {
  const before = isSecretByName.get(name);
  if (before !== undefined) return before;
  const secret = SECRET_MEMBERS.has(name.replace(/[_-]/g, '').toLowerCase());
  if (isSecretByName.size < MAX_CACHED_NAMES) isSecretByName.set(name, secret);
  return secret;
}
