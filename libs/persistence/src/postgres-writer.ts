import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { DatabaseUnavailableException, getErrorCode } from './database-unavailable.exception.js';
import { Batcher, POSTGRES_BATCHES } from './batcher.js';
import { isPlainInsert, joinDecision } from './joined-inserts.js';
import { PostgresTransaction, type SqlStatements } from './postgres-transaction.js';
import { getPool, runPrepared } from './prepared-statements.js';
import {
  type Decision,
  type LateValues,
  readValues,
  type Transaction,
  UNDECIDED,
  type Writer,
  type WriteResult,
} from './writer.js';

const DEADLOCK = '40P01';
const LOCK_NOT_AVAILABLE = '55P03';
const MAX_ATTEMPTS = 5;

/**
 * PostgreSQL needs no queue: each statement commits by itself, and each transaction has a separate connection. When transactions
 * deadlock, PostgreSQL rolls one back, and this class runs it again.
 */
export class PostgresWriter implements Writer {
  private readonly pool: pg.Pool;
  private readonly shared = new Batcher(
    (builds: readonly BuildStatements[]) => this.runShared(builds),
    POSTGRES_BATCHES,
  );

  constructor(private readonly dataSource: DataSource) {
    this.pool = getPool(dataSource);
  }

  execute<Row>(sql: string, parameters: LateValues): Promise<WriteResult<Row>> {
    return retryOnDeadlock(() => runPrepared(this.pool, sql, readValues(parameters)));
  }

  /** Inserts of several callers share a commit, because they do not depend on each other. */
  executeAll(statements: SqlStatements): Promise<WriteResult<unknown>[]> {
    if (statements.every(isPlainInsert)) return this.shared.submit(() => statements);
    return this.runTransaction((transaction) => transaction.commit([statements]));
  }

  /** Decisions of several callers share a commit, because they wait for no lock. */
  async decide<Row>(build: () => Decision): Promise<WriteResult<Row>> {
    try {
      const results = await this.shared.submit(() => {
        const decision = build();
        return [decision.lock, joinDecision(decision)];
      });
      return results[1] as WriteResult<Row>;
    } catch (error) {
      if (getErrorCode(error) === LOCK_NOT_AVAILABLE) return UNDECIDED;
      throw error;
    }
  }

  private async runShared(
    builds: readonly BuildStatements[],
  ): Promise<(WriteResult<unknown>[] | Promise<never>)[]> {
    const built = builds.map(tryBuild);
    const lists = built.flatMap(({ statements }) => (statements ? [statements] : []));
    const results = await this.runTransaction((transaction) => transaction.commit(lists));
    return built.map(({ statements, error }) =>
      statements ? results.splice(0, statements.length) : Promise.reject(error as Error),
    );
  }

  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.runTransaction(async (transaction) => {
      const result = await work(transaction);
      await transaction.commit();
      return result;
    });
  }

  private runTransaction<T>(run: (transaction: PostgresTransaction) => Promise<T>): Promise<T> {
    return retryOnDeadlock(async () => {
      const transaction = new PostgresTransaction(this.dataSource, this.pool);
      try {
        return await run(transaction);
      } catch (error) {
        await transaction.rollBack();
        throw error;
      }
    });
  }
}

/** @throws {DatabaseUnavailableException} after the last attempt */
async function retryOnDeadlock<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (getErrorCode(error) !== DEADLOCK) throw error;
      if (attempts === MAX_ATTEMPTS) throw new DatabaseUnavailableException(error);
    }
  }
}

type BuildStatements = () => SqlStatements;

function tryBuild(build: BuildStatements): {
  readonly statements?: SqlStatements;
  readonly error?: unknown;
} {
  try {
    return { statements: build() };
  } catch (error) {
    return { error };
  }
}
