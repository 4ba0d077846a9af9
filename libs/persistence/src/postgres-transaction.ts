import type pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { toAvailabilityError } from './database-unavailable.exception.js';
import { joinInserts } from './joined-inserts.js';
import { nameStatement, toWriteResult } from './prepared-statements.js';
import type { SchemaClient } from './schema-client.js';
import type { SqlStatement, Transaction, WriteResult } from './writer.js';

export type SqlStatements = readonly SqlStatement[];

interface PendingStatement {
  readonly statement: pg.QueryConfig;
  resolve(result: pg.QueryResult): void;
  reject(error: unknown): void;
}

type TransactionClient = pg.PoolClient & SchemaClient;

/** The client reports a broken connection to the statement that uses it, and to this listener. */
const ignoreError = () => undefined;

/**
 * Takes a connection at the first statement. BEGIN travels with that statement, and COMMIT with the deferred statements. Statements
 * that the callback issues without waiting in between travel together.
 */
export class PostgresTransaction implements Transaction {
  private readonly deferred: SqlStatement[] = [];
  private pending: PendingStatement[] = [];
  private sending: Promise<void> | undefined;
  private client: TransactionClient | undefined;
  private hasBegun = false;
  private hasEnded = false;
  private ownManager: EntityManager | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly pool: pg.Pool,
  ) {}

  /** TypeORM's query runner sends its statements through this transaction. */
  get manager(): EntityManager {
    return (this.ownManager ??= this.createManager());
  }

  async execute<Row>(sql: string, parameters: readonly unknown[]): Promise<WriteResult<Row>> {
    try {
      return toWriteResult(await this.send(nameStatement(sql, parameters)));
    } catch (error) {
      throw toAvailabilityError(error);
    }
  }

  executeAll(statements: readonly SqlStatement[]): Promise<WriteResult<unknown>[]> {
    return Promise.all(statements.map(({ sql, parameters }) => this.execute(sql, parameters)));
  }

  defer(statement: SqlStatement): void {
    this.deferred.push(statement);
  }

  /**
   * @param lists statements that run before the commit; only inserts of the same list are joined, so that their texts are few
   * @returns the results of these statements
   */
  async commit(lists: readonly SqlStatements[] = [this.deferred]): Promise<WriteResult<unknown>[]> {
    await this.end();
    if (!this.hasBegun && lists.every(({ length }) => length === 0)) return [];
    try {
      const joined = lists.flatMap(joinInserts);
      const queries = joined.map(({ sql, parameters }) => nameStatement(sql, parameters));
      const results = await this.sendTogether(queries, true);
      if (results.pop()?.command !== 'COMMIT') throw new Error(ROLLED_BACK);
      this.release();
      return results.flatMap((result, n) => toWriteResults(result, joined[n]?.size ?? 1));
    } catch (error) {
      throw toAvailabilityError(error);
    }
  }

  /** A connection that cannot roll back is not used again. */
  async rollBack(): Promise<void> {
    await this.end();
    if (!this.client) return;
    try {
      if (this.hasBegun) await this.client.query('ROLLBACK');
      this.release();
    } catch (error) {
      this.release(error);
    }
  }

  /** A later call of the entity manager is rejected, because the connection then serves other requests. */
  private async end(): Promise<void> {
    await this.sending;
    this.hasEnded = true;
  }

  private send(statement: pg.QueryConfig): Promise<pg.QueryResult> {
    if (this.hasEnded) return Promise.reject(new Error('the transaction has ended'));
    return new Promise((resolve, reject) => {
      this.pending.push({ statement, resolve, reject });
      this.sending ??= this.sendPending();
    });
  }

  /** Statements that arrive before the next microtask, or while others are on their way, travel together. */
  private async sendPending(): Promise<void> {
    await Promise.resolve();
    while (this.pending.length > 0) {
      const batch = this.pending;
      this.pending = [];
      try {
        const results = await this.sendTogether(batch.map(({ statement }) => statement));
        results.forEach((result, index) => batch[index]?.resolve(result));
      } catch (error) {
        for (const member of batch) member.reject(error);
      }
    }
    this.sending = undefined;
  }

  private async sendTogether(
    statements: readonly pg.QueryConfig[],
    commits = false,
  ): Promise<pg.QueryResult[]> {
    this.client ??= await this.connect();
    const begins = !this.hasBegun;
    this.hasBegun = true;
    return this.client.sendTogether(statements, { begins, commits });
  }

  private async connect(): Promise<TransactionClient> {
    const client = (await this.pool.connect()) as TransactionClient;
    return client.on('error', ignoreError);
  }

  private release(error?: unknown): void {
    this.client?.off('error', ignoreError);
    this.client?.release(error instanceof Error ? error : error !== undefined);
  }

  private createManager(): EntityManager {
    const query = (text: string, values: unknown[] = []) => this.send({ text, values });
    const runner = this.dataSource.createQueryRunner();
    Object.assign(runner, {
      databaseConnection: { query },
      isTransactionActive: true,
      transactionDepth: 1,
    });
    return runner.manager;
  }
}

/** Each insert of a joined statement has added one row. */
const toWriteResults = (result: pg.QueryResult, size: number): readonly WriteResult<unknown>[] =>
  size === 1
    ? [toWriteResult(result)]
    : Array.from({ length: size }, () => ({ affected: 1, rows: [] }));

const ROLLED_BACK =
  'PostgreSQL rolled the transaction back, because one of its statements had failed';
