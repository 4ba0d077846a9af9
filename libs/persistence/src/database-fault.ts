import { join } from 'node:path';
import { getErrorCode, isErrorLike } from './database-unavailable.exception.js';
import type { DatabaseSettings } from './data-source.js';

/** The database cannot be used. The message tells the operator where it is, what failed and what to do. */
export class DatabaseConfigurationError extends Error {
  override readonly name = 'DatabaseConfigurationError';
}

interface Fault {
  /** Matches the SQLSTATE or error code, or the message of an error without a code. */
  readonly pattern: RegExp;
  readonly advice: string;
}

const START_POSTGRES = 'Start PostgreSQL, or correct the host and port in DATABASE_URL.';
const CERTIFICATE_ADVICE =
  'Give the file of the provider\'s CA in DATABASE_URL: "?sslmode=verify-full&sslrootcert=/path/ca.pem" (docs/database.md).';
const DISK_ADVICE = 'Its disk is full. Free or add space.';

const POSTGRES_FAULTS: readonly Fault[] = [
  { pattern: /^(ECONNREFUSED|ENOENT connect)$/, advice: START_POSTGRES },
  { pattern: /^(ENOTFOUND|EAI_AGAIN)$/, advice: 'Correct the host name in DATABASE_URL.' },
  {
    pattern: /^(ETIMEDOUT|E(HOST|NET)UNREACH|timeout expired|timeout exceeded when trying)/,
    advice: 'Correct the host and port in DATABASE_URL, or open the firewall between.',
  },
  {
    pattern: /^28(000|P01)$|^SASL|no password/,
    advice: 'Correct the user and the password in DATABASE_URL.',
  },
  { pattern: /^3D000$/, advice: 'Create the database, or correct its name in DATABASE_URL.' },
  {
    pattern: /^53300$/,
    advice: 'Raise max_connections, or put a pooler between (docs/replicas.md).',
  },
  { pattern: /^57P0[123]$/, advice: 'PostgreSQL is starting or stopping. Try again.' },
  { pattern: /^(53100|53200)$/, advice: 'PostgreSQL has no disk space or memory left.' },
  {
    pattern: /^42501$/,
    advice: 'Grant the missing right to the user of DATABASE_URL, or create the schema for it.',
  },
  { pattern: /^25006$/, advice: 'DATABASE_URL must name a server that accepts writes.' },
  { pattern: /^42P01$/, advice: 'Apply the migrations first: npm run db:migrate.' },
  {
    pattern: /does not support SSL|^ERR_SSL|WRONG_VERSION/,
    advice: 'Correct sslmode in DATABASE_URL (docs/database.md).',
  },
  {
    pattern: /^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/,
    advice: CERTIFICATE_ADVICE,
  },
  { pattern: /^(ENOENT|EACCES|EISDIR)$/, advice: 'Correct the sslrootcert in DATABASE_URL.' },
  {
    pattern: /^(ECONNRESET|EPIPE|Connection terminated)|ended by the other party/,
    advice: 'The connection was closed. Check host, port and sslmode in DATABASE_URL.',
  },
  {
    pattern: /^ERR_INVALID_(URL|ARG)/,
    advice: 'DATABASE_URL must be postgres://user:password@host:5432/name.',
  },
];

const REBUILD_ADVICE = `better-sqlite3 is not built for this Node (${process.version}). Run: npm rebuild better-sqlite3`;

const SQLITE_FAULTS: readonly Fault[] = [
  // TypeORM's words; its class has no code.
  {
    pattern: /^SQLite package has not been found/,
    advice: 'better-sqlite3 cannot be loaded. Run: npm ci',
  },
  {
    pattern: /^ERR_DLOPEN_FAILED$|NODE_MODULE_VERSION|bindings file|better-sqlite3 package/i,
    advice: REBUILD_ADVICE,
  },
  { pattern: /^SQLITE_NOTADB/, advice: 'The file is not a SQLite database. Set DATA_DIR.' },
  {
    pattern: /^SQLITE_CORRUPT/,
    advice: 'The file is damaged. Restore a backup (docs/backups.md).',
  },
  { pattern: /^(SQLITE_FULL|ENOSPC|EDQUOT)/, advice: DISK_ADVICE },
  {
    pattern:
      /^(SQLITE_(CANTOPEN|READONLY|PERM|AUTH|IOERR)|EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR|ENOENT)/,
    advice: 'Set DATA_DIR to a folder that this user can write.',
  },
  {
    pattern: /^SQLITE_(BUSY|LOCKED)/,
    advice: 'Another process holds the lock of the file. Stop it, or try again.',
  },
];

/** @returns where the data is, without the password: `PostgreSQL localhost:5432/name (DATABASE_URL)` */
export function describeDatabase({ name, databaseUrl, dataDir }: DatabaseSettings): string {
  if (databaseUrl === undefined) return `SQLite ${join(dataDir, `${name}.sqlite`)} (DATA_DIR)`;
  return `PostgreSQL ${describeAddress(databaseUrl)} (DATABASE_URL)`;
}

function describeAddress(databaseUrl: string): string {
  try {
    const { hostname, port, pathname, searchParams } = new URL(databaseUrl);
    const host = searchParams.get('host') ?? (decodeURIComponent(hostname) || 'localhost');
    return `${host}:${port || '5432'}${pathname}`;
  } catch {
    return 'at an unreadable address';
  }
}

/**
 * @param what the step that failed, such as "The migration of auth failed"
 * @returns one sentence for the operator when the cause is known, otherwise the error itself
 */
export function describeDatabaseFault(
  error: unknown,
  settings: DatabaseSettings,
  what = 'The database cannot be used',
): unknown {
  const cause = findCause(error);
  if (!isErrorLike(cause)) return error;
  const fault = findFault(cause, settings);
  if (!fault && !isFromDatabase(cause)) return error;
  const words = [`${what}, ${describeDatabase(settings)}: ${describeCause(cause)}.`, fault?.advice];
  return new DatabaseConfigurationError(words.filter(Boolean).join(' '), { cause: error });
}

/** Node tries every address of a host name and reports one error for each, and TypeORM wraps errors of its driver. */
function findCause(error: unknown): unknown {
  if (!isErrorLike(error)) return error;
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return findCause(error.errors[0]);
  }
  return 'driverError' in error ? findCause(error.driverError) : error;
}

function findFault(cause: Error, { databaseUrl }: DatabaseSettings): Fault | undefined {
  const faults = databaseUrl === undefined ? SQLITE_FAULTS : POSTGRES_FAULTS;
  const code = getErrorCode(cause);
  return faults.find(
    ({ pattern }) => (code !== '' && pattern.test(code)) || pattern.test(cause.message),
  );
}

/** An SQLSTATE has five characters. */
const isFromDatabase = (cause: Error): boolean =>
  /^([0-9A-Z]{5}|SQLITE_.*)$/.test(getErrorCode(cause));

/** The database's own words, in one line, and its code unless the words contain it. */
function describeCause(cause: Error): string {
  const [line = ''] = cause.message.split('\n');
  const words = line.trim().replace(/[.:]$/, '') || cause.name;
  const code = getErrorCode(cause);
  return code === '' || words.includes(code) ? words : `${words} (${code})`;
}
