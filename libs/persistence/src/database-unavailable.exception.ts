import { types } from 'node:util';
import { ServiceUnavailableException } from '@nestjs/common';
import type { DataSource } from 'typeorm';

/**
 * The database is unreachable, or its connection broke, so it is unknown whether the statement took effect. The client gets 503
 * with `Retry-After` (RFC 9110 §15.6.4).
 */
export class DatabaseUnavailableException extends ServiceUnavailableException {
  readonly headers = { 'Retry-After': '1' };

  constructor(cause: unknown) {
    super('The service cannot do this just now. Try again in a moment.', { cause });
  }

  /** The database was reachable, and rolled the statement back at its time limit. */
  get isStatementTimeout(): boolean {
    return getErrorCode(this.cause) === STATEMENT_TIMEOUT;
  }
}

const STATEMENT_TIMEOUT = '57014';

const NETWORK_CODES =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|E(HOST|NET)UNREACH|ENOTFOUND|EAI_AGAIN)$/;

/**
 * SQLSTATE: class 08 connection exception, 53300 too many connections, 57014 statement timeout, 57P01–57P03 stopping or
 * starting, 25006 a standby that cannot write yet.
 */
const UNAVAILABLE_SQLSTATES = /^(08...|53300|57014|57P0[123]|25006)$/;

/** Errors of the driver pg that have no code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client (has encountered a connection error|was closed))/;

/** TypeORM releases the connection of a transaction when it breaks, and the next statement throws this error. */
const RELEASED_QUERY_RUNNER = 'QueryRunnerAlreadyReleasedError';

/** @returns a DatabaseUnavailableException when the database was unreachable, otherwise the error itself */
export function toAvailabilityError(error: unknown): unknown {
  return isUnavailable(error) ? new DatabaseUnavailableException(error) : error;
}

function isUnavailable(thrown: unknown): boolean {
  const error = unwrapDriverError(thrown);
  if (!types.isNativeError(error)) return false;
  const code = getErrorCode(error);
  if (error.name === RELEASED_QUERY_RUNNER) return true;
  return (
    NETWORK_CODES.test(code) ||
    UNAVAILABLE_SQLSTATES.test(code) ||
    DRIVER_MESSAGES.test(error.message)
  );
}

/** TypeORM wraps the errors of its driver. */
const unwrapDriverError = (error: unknown): unknown =>
  types.isNativeError(error) && 'driverError' in error ? error.driverError : error;

/** @returns the SQLSTATE of PostgreSQL or the code of a network error; empty for other errors */
export function getErrorCode(thrown: unknown): string {
  const error = unwrapDriverError(thrown);
  return types.isNativeError(error) && 'code' in error ? String(error.code) : '';
}

/** All queries of TypeORM go through its query runners, so this covers each of them. */
export function withAvailabilityErrors(dataSource: DataSource): DataSource {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner);
    const queryWithAvailability = (...parameters: Parameters<typeof query>) =>
      query(...parameters).catch((error: unknown) => {
        throw toAvailabilityError(error);
      });
    return Object.assign(runner, { query: queryWithAvailability });
  };
  return dataSource;
}
