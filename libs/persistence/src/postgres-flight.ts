import pg from 'pg';

/** The part of the driver's connection that a query uses to send itself. */
interface DriverConnection {
  readonly stream: { cork(): void; uncork(): void };
  readonly submittedNamedStatements: Record<string, string>;
  sync(): void;
}

/** The part of the driver's query that the driver's client calls. */
interface DriverQuery {
  readonly name?: string;
  readonly text: string;
  callback: (error: Error | null, result?: pg.QueryResult) => void;
  prepare(connection: DriverConnection): void;
  handleRowDescription(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: DriverConnection): void;
  handleReadyForQuery(connection: DriverConnection): void;
}

/**
 * Statements that PostgreSQL receives and answers in one round trip (extended query protocol, pipelining). One Sync follows the last
 * statement, so PostgreSQL skips the statements behind one that fails. The driver's option `pipeline` sends a Sync behind each
 * statement, which costs a transaction a sixth more CPU. This class gives the driver's client one query that consists of several.
 */
export class Flight implements pg.Submittable {
  private readonly queries: readonly DriverQuery[];
  private readonly results: pg.QueryResult[] = [];
  private failure: Error | undefined;
  private current = 0;
  /** The client replaces it when it has a time limit. */
  callback: (error: Error | null, results?: pg.QueryResult[]) => void;

  constructor(
    statements: readonly pg.QueryConfig[],
    callback: (error: Error | null, results?: pg.QueryResult[]) => void,
  ) {
    this.callback = callback;
    this.queries = statements.map((statement) => {
      const query = new pg.Query(statement) as unknown as DriverQuery;
      query.callback = (error, result) => {
        if (error) this.failure ??= error;
        else if (result) this.results.push(result);
      };
      return query;
    });
  }

  /** The client registers the prepared statement of this name when PostgreSQL has parsed it. */
  get name(): string | undefined {
    return this.queries[this.current]?.name;
  }

  get text(): string | undefined {
    return this.queries[this.current]?.text;
  }

  /** The client calls it when the connection is free. */
  submit(connection: unknown): void {
    const { stream } = connection as DriverConnection;
    const withoutSync = Object.create(connection as DriverConnection, {
      sync: { value: () => undefined },
    }) as DriverConnection;
    stream.cork();
    for (const query of this.queries) {
      query.prepare(withoutSync);
      if (this.failure) break; // a value that cannot be sent
    }
    (connection as DriverConnection).sync();
    stream.uncork();
  }

  handleRowDescription(message: unknown): void {
    this.queries[this.current]?.handleRowDescription(message);
  }

  handleDataRow(message: unknown): void {
    this.queries[this.current]?.handleDataRow(message);
  }

  handleCommandComplete(message: unknown, connection: DriverConnection): void {
    this.queries[this.current]?.handleCommandComplete(message, connection);
    this.current += 1;
  }

  handleEmptyQuery(): void {
    this.current += 1;
  }

  /** PostgreSQL did not parse the statements behind the failed one. */
  handleError(error: Error, { submittedNamedStatements }: DriverConnection): void {
    for (const { name } of this.queries) if (name) delete submittedNamedStatements[name];
    this.callback(error);
  }

  handleReadyForQuery(connection: DriverConnection): void {
    for (const query of this.queries.slice(0, this.current)) query.handleReadyForQuery(connection);
    if (this.failure) this.callback(this.failure);
    else this.callback(null, this.results);
  }
}
