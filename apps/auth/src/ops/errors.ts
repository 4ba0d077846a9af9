import { DatabaseUnavailableException } from '@gatehouse/persistence';
import { describeStartError } from '@gatehouse/service-kit';
import { ClientOperationRefused } from '../sessions/client-operations.service.js';
import { PasswordChangeConflict } from '../sessions/account-operations.service.js';
import { KeyStateError } from '../tokens/keys/key-state-checks.js';

/** The CLI refuses an operation. The message is a sentence for the operator. The exit code is 1. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused';
}

/** The command line is wrong. The exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Commander's errors have a code. Commander has printed their messages already. */
const getCommanderCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')
    ? String(error.code)
    : undefined;

const HELP_CODES = new Set(['commander.helpDisplayed', 'commander.version']);

/** @returns 0 after help, 1 when the operation was refused or failed, 2 when the command line is wrong */
export function toExitCode(error: unknown): 0 | 1 | 2 {
  const code = getCommanderCode(error);
  if (code !== undefined) return HELP_CODES.has(code) ? 0 : 2;
  return error instanceof UsageError ? 2 : 1;
}

/** @returns the message for the operator; undefined when it was printed already */
export function toErrorMessage(error: unknown): string | undefined {
  if (getCommanderCode(error) !== undefined) return undefined;
  if (!(error instanceof Error)) return String(error);
  return isOperatorError(error)
    ? error.message
    : (explainDatabaseError(error) ?? describeStartError(error));
}

const isOperatorError = (error: Error): boolean =>
  error instanceof OperationRefused ||
  error instanceof UsageError ||
  error instanceof KeyStateError ||
  error instanceof PasswordChangeConflict ||
  error instanceof ClientOperationRefused ||
  // Also DatabaseConfigurationError.
  error.name.endsWith('ConfigurationError');

const DATABASE_UNREACHABLE = 'the database cannot be reached: see DATABASE_URL';

/** Errors of the databases and of the network that an operator can fix. */
const DATABASE_ERRORS: readonly (readonly [RegExp, string])[] = [
  [
    /no such table|no such column|^42(P01|703)$/,
    'the database is not migrated: apply the migrations first (npm run db:migrate)',
  ],
  [/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)$/, DATABASE_UNREACHABLE],
  [/^28(000|P01)$/, 'the database refused user and password: see DATABASE_URL'],
  [/^3D000$/, 'the database does not exist: see DATABASE_URL'],
  [/^42501$/, 'the user of DATABASE_URL may not do this: grant the right, or use another user'],
  [/^(53100|SQLITE_FULL|ENOSPC|EDQUOT)/, 'the disk is full: free or add space'],
  [/^(25006|SQLITE_READONLY)/, 'the database accepts no writes: see DATABASE_URL or DATA_DIR'],
  [/^SQLITE_NOTADB/, 'the file is not a SQLite database: see DATA_DIR'],
  [/^SQLITE_CORRUPT/, 'the database file is damaged: restore a backup (docs/backups.md)'],
  [
    /^ERR_DLOPEN_FAILED$/,
    'better-sqlite3 is built for another version of Node: npm rebuild better-sqlite3',
  ],
  [
    /^(SQLITE_(CANTOPEN|PERM|IOERR)|EACCES|EPERM|EROFS|EEXIST|ENOTDIR)/,
    'the database cannot be opened: DATA_DIR must be a folder that this user can write',
  ],
  [/^SQLITE_BUSY/, 'another process locked the database for five seconds: try again'],
];

function explainDatabaseError(error: Error): string | undefined {
  const codes = findCauses(error).map((cause) => getErrorCode(cause) ?? '');
  const known = DATABASE_ERRORS.find(
    ([pattern]) => pattern.test(error.message) || codes.some((code) => pattern.test(code)),
  );
  if (known) return known[1];
  return error instanceof DatabaseUnavailableException ? DATABASE_UNREACHABLE : undefined;
}

const MAX_CAUSES = 10;

/** The error and its causes: TypeORM wraps the errors of its driver, and persistence wraps those of an outage. */
function findCauses(error: unknown, depth = 0): readonly unknown[] {
  if (!(error instanceof Error) || depth > MAX_CAUSES) return [error];
  const inner = 'driverError' in error ? error.driverError : error.cause;
  return [error, ...findCauses(inner, depth + 1)];
}

const getErrorCode = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
