import { types } from 'node:util';
import { ServiceUnavailableException } from '@nestjs/common';
import type { DataSource } from 'typeorm';

/**
 * The database cannot be reached, or was lost on the way: whether the statement took effect is not known. To a client
 * that is 503 with `Retry-After` (RFC 9110 §15.6.4), and never a verdict on what it sent.
 */
export class DatabaseUnavailable extends ServiceUnavailableException {
  readonly headers = { 'Retry-After': '1' };

  constructor(cause: unknown) {
    super('The service cannot do this just now. Try again in a moment.', { cause });
  }
}

const NETWORK =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|E(HOST|NET)UNREACH|ENOTFOUND|EAI_AGAIN)$/;

/**
 * SQLSTATE: class 08 connection exception, 53300 too many connections, 57014 statement timeout, 57P01–57P03 stopping or
 * starting, 25006 a standby that cannot write yet.
 */
const SQLSTATE = /^(08...|53300|57014|57P0[123]|25006)$/;

/** Faults of pg's own that have no code. */
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client (has encountered a connection error|was closed))/;

/** TypeORM gives up the connection of a transaction when it breaks: the next statement finds none. */
const GIVEN_UP = 'QueryRunnerAlreadyReleasedError';

/** @returns what to throw instead of the error: one that says so where the database could not be reached */
export function inWordsOfAvailability(error: unknown): unknown {
  return isOutOfReach(error) ? new DatabaseUnavailable(error) : error;
}

function isOutOfReach(told: unknown): boolean {
  const error = driverErrorOf(told);
  if (!types.isNativeError(error)) return false;
  const code = codeOf(error);
  if (error.name === GIVEN_UP) return true;
  return NETWORK.test(code) || SQLSTATE.test(code) || WORDS.test(error.message);
}

/** TypeORM wraps what its driver throws. */
const driverErrorOf = (error: unknown): unknown =>
  types.isNativeError(error) && 'driverError' in error ? error.driverError : error;

/** @returns SQLSTATE of what PostgreSQL refused, or what the network calls it; empty where it has neither */
export function codeOf(told: unknown): string {
  const error = driverErrorOf(told);
  return types.isNativeError(error) && 'code' in error ? String(error.code) : '';
}

/** Whatever TypeORM asks the database goes through its query runners; one place is enough. */
export function tellingAvailability(dataSource: DataSource): DataSource {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner);
    const told = (...question: Parameters<typeof query>) =>
      query(...question).catch((error: unknown) => {
        throw inWordsOfAvailability(error);
      });
    return Object.assign(runner, { query: told });
  };
  return dataSource;
}
