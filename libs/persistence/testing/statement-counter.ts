import type { EventEmitter } from 'node:events';
import type { DataSource } from 'typeorm';

export interface StatementCount {
  /** Without those that begin or end a transaction or a savepoint. */
  statements: number;
  /** Times that the process waited for PostgreSQL. */
  roundTrips: number;
  /** Transactions that changed a row, also those of a single statement. */
  commits: number;
  /** SQL of the statements, for the message of a failed test. */
  readonly texts: string[];
}

interface DriverConnection extends EventEmitter {
  readonly parsedStatements: Record<string, string>;
}
interface DriverClient {
  readonly connection: DriverConnection;
}
interface DriverPool extends EventEmitter {
  readonly _clients: readonly DriverClient[];
}
interface SqliteDatabase {
  readonly name: string;
  readonly inTransaction: boolean;
  prepare(sql: string): object;
}
interface SqliteStatement {
  readonly source: string;
  readonly readonly: boolean;
  readonly database: SqliteDatabase;
}

const createCount = (): StatementCount => ({ statements: 0, roundTrips: 0, commits: 0, texts: [] });

const CONTROL = /^\s*(BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|PRAGMA)\b/i;
const WRITTEN = /^(INSERT 0|UPDATE|DELETE) [1-9]/;

/** Counts what one database executes, by observing its drivers. It uses no timer, so a loaded machine gives the same result. */
export class StatementCounter {
  private count: StatementCount = createCount();
  private hasWritten = false;
  private readonly stops: (() => void)[] = [];

  /** @param dataSource of an app; on SQLite the connection of the writer to the same file is observed too */
  constructor(dataSource: DataSource) {
    const { driver } = dataSource;
    if ('master' in driver) this.watchPool(driver.master as DriverPool);
    else this.watchStatements(Reflect.get(driver, 'databaseConnection') as SqliteDatabase);
  }

  /** Counts until the promise of the work has resolved. Other work of the process at the same time is counted too. */
  async during(work: () => Promise<unknown>): Promise<StatementCount> {
    this.count = createCount();
    await work();
    return this.count;
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private watchPool(pool: DriverPool): void {
    for (const client of pool._clients) this.watchClient(client);
    const watch = (client: DriverClient) => this.watchClient(client);
    pool.on('connect', watch);
    this.stops.push(() => pool.off('connect', watch));
  }

  /** PostgreSQL ends each answer to a packet of statements with ReadyForQuery. */
  private watchClient({ connection }: DriverClient): void {
    let hasWritten = false;
    this.listen(connection, 'readyForQuery', ({ status }: { status: string }) => {
      this.count.roundTrips += 1;
      if (status === 'I' && hasWritten) this.count.commits += 1;
      if (status === 'I') hasWritten = false;
    });
    this.listen(connection, 'commandComplete', ({ text }: { text: string }) => {
      if (WRITTEN.test(text)) hasWritten = true;
      if (text === 'ROLLBACK') hasWritten = false;
      if (!CONTROL.test(text)) this.count.statements += 1;
    });
    this.watchTexts(connection);
  }

  /** A prepared statement is bound by its name, often without having been parsed again. */
  private watchTexts(connection: DriverConnection): void {
    const { parsedStatements } = connection;
    const names = new Map<string, string>();
    let unnamed = '';
    this.wrap(connection, 'parse', ({ name, text }: { name?: string; text: string }) => {
      if (name) names.set(name, text);
      else unnamed = text;
    });
    this.wrap(connection, 'bind', ({ statement }: { statement?: string }) => {
      const text = statement ? (names.get(statement) ?? parsedStatements[statement]) : unnamed;
      if (!CONTROL.test(text ?? '')) this.addText(text ?? '');
    });
    this.wrap(connection, 'query', (text: string) => this.addText(text));
  }

  private listen(emitter: EventEmitter, event: string, listener: (message: never) => void): void {
    const observe = (message: unknown) => listener(message as never);
    emitter.on(event, observe);
    this.stops.push(() => emitter.off(event, observe));
  }

  /** Calls the observer before the method of this object. */
  private wrap(object: object, method: string, observe: (argument: never) => void): void {
    const original = Reflect.get(object, method) as (argument: unknown) => unknown;
    Reflect.set(object, method, (argument: unknown) => {
      observe(argument as never);
      return original.call(object, argument);
    });
    this.stops.push(() => Reflect.deleteProperty(object, method));
  }

  /** All connections of the process share the class of statements. */
  private watchStatements(reader: SqliteDatabase): void {
    const prototype = Object.getPrototypeOf(reader.prepare('SELECT 1')) as object;
    const note = (statement: SqliteStatement, result: unknown) => {
      if (statement.database.name === reader.name) this.addSqlite(statement, result);
    };
    for (const method of ['run', 'get', 'all', 'iterate']) {
      const original = Reflect.get(prototype, method) as (...values: unknown[]) => unknown;
      Reflect.set(prototype, method, function (this: SqliteStatement, ...values: unknown[]) {
        const result = original.apply(this, values);
        note(this, result);
        return result;
      });
      this.stops.push(() => Reflect.set(prototype, method, original));
    }
  }

  private addSqlite({ source, database, readonly }: SqliteStatement, result: unknown): void {
    if (!CONTROL.test(source)) {
      this.count.statements += 1;
      this.addText(source);
    }
    if (/^ROLLBACK$/i.test(source)) this.hasWritten = false;
    else if (!readonly && hasChanged(result)) this.hasWritten = true;
    if (database.inTransaction || !this.hasWritten) return;
    this.hasWritten = false;
    this.count.commits += 1;
  }

  private addText(text: string): void {
    this.count.texts.push(text.replaceAll(/\s+/g, ' ').trim());
  }
}

/** @param result of `run`, or the rows of RETURNING */
const hasChanged = (result: unknown): boolean =>
  Array.isArray(result) ? result.length > 0 : Number(Reflect.get(Object(result), 'changes')) > 0;
