import { Logger, ServiceUnavailableException } from '@nestjs/common';
import type { DataSource } from 'typeorm';

/**
 * The database is unreachable, cannot write, or its connection broke, so it is unknown whether the statement took effect. The
 * client gets 503 with `Retry-After` (RFC 9110 §15.6.4).
 */
export class DatabaseUnavailableException extends ServiceUnavailableException {
  readonly headers: { readonly 'Retry-After': string };
  /** The disk is full or the database is read-only: reads work, and writes fail until an operator acts. */
  readonly isWriteFault: boolean;

  constructor(cause: unknown) {
    super('The service cannot do this just now. Try again in a moment.', { cause });
    this.isWriteFault = WRITE_FAULT_CODES.test(getErrorCode(cause));
    this.headers = { 'Retry-After': this.isWriteFault ? '10' : '1' };
  }

  /** The database was reachable, and rolled the statement back at its time limit. */
  get isStatementTimeout(): boolean {
    return getErrorCode(this.cause) === STATEMENT_TIMEOUT;
  }
}

const STATEMENT_TIMEOUT = '57014';

/** ENOENT: PostgreSQL that stopped took its Unix socket away. EMFILE and the like: this process or machine has no socket left. */
const NETWORK_CODES =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ENOTCONN|ETIMEDOUT|E(HOST|NET)(UNREACH|DOWN)|ENOTFOUND|EAI_(AGAIN|FAIL)|ENOENT|E[MN]FILE|ENOBUFS|EADDRNOTAVAIL)$/;

/**
 * SQLSTATE: 53100 disk full, 53200 out of memory, 58030 I/O error, 25006 a read-only transaction or a standby. SQLite's result
 * codes of the same kind.
 */
const WRITE_FAULT_CODES =
  /^(53100|53200|58030|25006|SQLITE_(FULL|NOMEM|IOERR|READONLY|CANTOPEN|PERM)(_.*)?)$/;

/**
 * SQLSTATE: class 08 connection exception, 53300 too many connections, 53400 a limit of the configuration, 57014 statement
 * timeout, 57P01–57P03 stopping or starting. SQLITE_BUSY and SQLITE_LOCKED: another process holds the lock.
 */
const UNAVAILABLE_CODES = /^(08...|53300|53400|57014|57P0[1235]|SQLITE_(BUSY|LOCKED)(_.*)?)$/;

/** Errors of the driver pg that have no code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered a connection error|was closed))/;

/** TypeORM releases the connection of a transaction when it breaks, and the next statement throws this error. */
const RELEASED_QUERY_RUNNER = 'QueryRunnerAlreadyReleasedError';

/** @returns a DatabaseUnavailableException when the database cannot be used, otherwise the error itself */
export function toAvailabilityError(error: unknown): unknown {
  if (error instanceof DatabaseUnavailableException || !isUnavailable(error)) return error;
  logCause(unwrapDriverError(error));
  return new DatabaseUnavailableException(error);
}

function isUnavailable(thrown: unknown): boolean {
  const error = unwrapDriverError(thrown);
  if (!isErrorLike(error)) return false;
  const code = getErrorCode(error);
  return (
    error.name === RELEASED_QUERY_RUNNER ||
    [NETWORK_CODES, WRITE_FAULT_CODES, UNAVAILABLE_CODES].some((codes) => codes.test(code)) ||
    DRIVER_MESSAGES.test(error.message)
  );
}

const LOG_INTERVAL_MS = 60_000;
const logger = new Logger('Database');
/** By error code; the codes above bound its size. */
const loggedAt = new Map<string, number>();

/** One line a minute for each cause, because during an outage every request fails. */
function logCause(error: unknown): void {
  const code = getErrorCode(error) || 'connection';
  const now = performance.now();
  if (now - (loggedAt.get(code) ?? -Infinity) < LOG_INTERVAL_MS) return;
  loggedAt.set(code, now);
  const words = isErrorLike(error) ? error.message : String(error);
  logger.error(`The database cannot be used: ${words} (${code}). Requests that need it get 503.`);
}

/** Errors of better-sqlite3 are no native errors, and under Jest the drivers' error classes belong to another realm. */
export const isErrorLike = (thrown: unknown): thrown is Error =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'message' in thrown &&
  typeof thrown.message === 'string';

/** TypeORM wraps the errors of its driver. */
const unwrapDriverError = (error: unknown): unknown =>
  isErrorLike(error) && 'driverError' in error ? error.driverError : error;

/** @returns the SQLSTATE of PostgreSQL or the code of a network error; empty for other errors */
export function getErrorCode(thrown: unknown): string {
  const error = unwrapDriverError(thrown);
  return isErrorLike(error) && 'code' in error ? String(error.code) : '';
}

/** On SQLite every call returns the same query runner. */
const covered = new WeakSet<object>();

/**
 * All queries of TypeORM go through its query runners, so this covers each of them.
 *
 * @param except an error code that stays as it is
 */
export function withAvailabilityErrors(dataSource: DataSource, except?: string): DataSource {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    if (covered.has(runner)) return runner;
    covered.add(runner);
    const query = runner.query.bind(runner);
    const queryWithAvailability = (...parameters: Parameters<typeof query>) =>
      query(...parameters).catch((error: unknown) => {
        throw getErrorCode(error) === except ? error : toAvailabilityError(error);
      });
    return Object.assign(runner, { query: queryWithAvailability });
  };
  return dataSource;
}
