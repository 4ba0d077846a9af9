import { types } from 'node:util';
import { ServiceUnavailableException } from '@nestjs/common';
import type { DataSource } from 'typeorm';

/**
 * The database cannot be reached, or was lost on the way: whether the statement took effect is not known. To a client
 * that is 503 with `Retry-After` (RFC 9110 §15.6.4), and never a verdict on what it sent.
 */
export class DatabaseUnavailableException extends ServiceUnavailableException {
  readonly headers = { 'Retry-After': '1' };

  constructor(cause: unknown) {
    super('The service cannot do this just now. Try again in a moment.', { cause });
  }
}

const NETWORK_CODES =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|E(HOST|NET)UNREACH|ENOTFOUND|EAI_AGAIN)$/;

/**
 * SQLSTATE: class 08 connection exception, 53300 too many connections, 57014 statement timeout, 57P01–57P03 stopping or
 * starting, 25006 a standby that cannot write yet.
 */
const UNAVAILABLE_SQLSTATES = /^(08...|53300|57014|57P0[123]|25006)$/;

/** Faults of pg's own that have no code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client (has encountered a connection error|was closed))/;

/** TypeORM gives up the connection of a transaction when it breaks: the next statement finds none. */
const RELEASED_QUERY_RUNNER = 'QueryRunnerAlreadyReleasedError';

/** @returns what to throw instead of the error: one that says so where the database could not be reached */
export function toAvailabilityError(error: unknown): unknown {
  return isUnavailable(error) ? new DatabaseUnavailableException(error) : error;
}

function isUnavailable(told: unknown): boolean {
  const error = unwrapDriverError(told);
  if (!types.isNativeError(error)) return false;
  const code = getErrorCode(error);
  if (error.name === RELEASED_QUERY_RUNNER) return true;
  return (
    NETWORK_CODES.test(code) ||
    UNAVAILABLE_SQLSTATES.test(code) ||
    DRIVER_MESSAGES.test(error.message)
  );
}

/** TypeORM wraps what its driver throws. */
const unwrapDriverError = (error: unknown): unknown =>
  types.isNativeError(error) && 'driverError' in error ? error.driverError : error;

/** @returns SQLSTATE of what PostgreSQL refused, or what the network calls it; empty where it has neither */
export function getErrorCode(told: unknown): string {
  const error = unwrapDriverError(told);
  return types.isNativeError(error) && 'code' in error ? String(error.code) : '';
}

/** Whatever TypeORM asks the database goes through its query runners; one place is enough. */
export function withAvailabilityErrors(dataSource: DataSource): DataSource {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner);
    const told = (...question: Parameters<typeof query>) =>
      query(...question).catch((error: unknown) => {
        throw toAvailabilityError(error);
      });
    return Object.assign(runner, { query: told });
  };
  return dataSource;
}
