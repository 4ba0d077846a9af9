import pg from 'pg';
import { Flight } from './postgres-flight.js';

/**
 * - `direct`: the connection belongs to this process, and PostgreSQL received its startup parameters.
 * - `pooled`: a pooler such as PgBouncer stands between. It refuses or drops startup parameters, and each transaction may run on
 *   another connection of PostgreSQL.
 */
export type ConnectionKind = 'direct' | 'pooled';

/** A statement of the request path ends after this time. */
export const STATEMENT_TIMEOUT_MS = 10_000;
export const CONNECT_TIMEOUT_MS = 5_000;

/** Poolers answer so to a startup parameter that they do not know. */
const REFUSED_PARAMETER =
  /unsupported startup parameter|startup (parameter|option)s?.*not supported/i;

/**
 * Opens one connection with a startup parameter and asks PostgreSQL whether it arrived. `pgbouncer=true` in the URL answers the
 * question for a pooler that passes the parameter on.
 */
export async function detectConnectionKind(databaseUrl: string): Promise<ConnectionKind> {
  if (/[?&]pgbouncer=true\b/.test(databaseUrl)) return 'pooled';
  const client = new pg.Client({
    connectionString: databaseUrl,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ source: string }>(
      `SELECT source FROM pg_settings WHERE name = 'statement_timeout'`,
    );
    return rows[0]?.source === 'client' ? 'direct' : 'pooled';
  } catch (error) {
    if (error instanceof Error && REFUSED_PARAMETER.test(error.message)) return 'pooled';
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

type Query = (statement: unknown, ...rest: unknown[]) => unknown;

export interface TransactionLimits {
  /** Whether BEGIN travels before the statements. */
  readonly begins: boolean;
  /** Whether COMMIT travels behind the statements; its result is the last. */
  readonly commits: boolean;
}

export interface SchemaClient extends pg.Client {
  /** Sends statements of a transaction in one round trip. @returns their results in order */
  sendTogether(
    statements: readonly pg.QueryConfig[],
    limits: TransactionLimits,
  ): Promise<pg.QueryResult[]>;
}

const START = 'START TRANSACTION';
const LIMIT = `SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`;
const TRANSACTION_LIMITS = {
  direct: {
    begin: [{ name: 'begin', text: START }],
    commit: { name: 'commit', text: 'COMMIT' },
  },
  pooled: { begin: [{ text: START }, { text: LIMIT }], commit: { text: 'COMMIT' } },
};

/**
 * A client of the driver that names the schema of each table. A `search_path` would depend on a startup parameter or on the
 * session, and a pooler drops both. Decision record 24 has the reasons.
 */
export function createSchemaClient(schema: string, kind: ConnectionKind): typeof pg.Client {
  const prepare = createPreparer(schema, kind);
  const { begin, commit } = TRANSACTION_LIMITS[kind];
  return class extends pg.Client implements SchemaClient {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      const send = this.query.bind(this) as Query;
      const prepareAny = (statement: unknown): unknown => {
        if (typeof statement === 'string') return prepare({ text: statement }).text;
        return isQueryConfig(statement) ? prepare(statement) : statement;
      };
      Object.assign(this, {
        query: (statement: unknown, ...rest: unknown[]) => send(prepareAny(statement), ...rest),
      });
    }

    sendTogether(
      statements: readonly pg.QueryConfig[],
      { begins, commits }: TransactionLimits,
    ): Promise<pg.QueryResult[]> {
      const sent = statements.map((statement) => ({ ...prepare(statement), types: this }));
      const all = [...(begins ? begin : []), ...sent, ...(commits ? [commit] : [])];
      return new Promise((resolve, reject) => {
        const flight = new Flight(all, (error, results = []) => {
          if (error) reject(error);
          else resolve(begins ? results.slice(begin.length) : results);
        });
        this.query(flight);
      });
    }
  };
}

function createPreparer(schema: string, kind: ConnectionKind) {
  const qualify = createQualifier(schema);
  return ({ name, ...unnamed }: pg.QueryConfig): pg.QueryConfig => {
    const text = qualify(unnamed.text);
    if (kind === 'pooled') return { ...unnamed, text: limitTransaction(text) };
    return name === undefined ? { ...unnamed, text } : { ...unnamed, name, text };
  };
}

/** An object with a method `submit` is a query of a driver extension, which sends itself. */
const isQueryConfig = (statement: unknown): statement is pg.QueryConfig =>
  typeof statement === 'object' &&
  statement !== null &&
  'text' in statement &&
  !('submit' in statement);

/** The limit travels with the statement that begins the transaction, so it costs no round trip. */
const limitTransaction = (text: string): string => (text === START ? `${START}; ${LIMIT}` : text);

/** Texts that TypeORM generates can differ in their number of parameters. */
const MAX_KEPT_TEXTS = 1_000;

/** @returns a function that names the schema of each table in a statement, once per text */
export function createQualifier(schema: string): (sql: string) => string {
  const kept = new Map<string, string>();
  return (sql) => {
    const known = kept.get(sql);
    if (known !== undefined) return known;
    const qualified = qualifyTables(sql, schema);
    if (kept.size < MAX_KEPT_TEXTS) kept.set(sql, qualified);
    return qualified;
  };
}

/** Texts and comments come first, so that their words are not read as SQL. */
const TABLE_REFERENCE = new RegExp(
  [
    `'(?:[^']|'')*'`,
    String.raw`--[^\n]*`,
    String.raw`(?<!\bDISTINCT\s+|\(\s*(?!DELETE\b)\w+\s+)\b((?:FROM|JOIN)\s+)(?!(?:LATERAL|ONLY|SELECT)\b)("?)([a-z_]\w*)\2(?!["\w.]|\s*\()`,
    String.raw`(?<!\b(?:FOR|DO|KEY|ON)\s+)\b((?:INTO|UPDATE|ANALYZE|TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+)(?!(?:ONLY|SET|SKIP|OF|NOWAIT|IF|SELECT|INSERT|UPDATE|DELETE|WITH|INTO)\b)("?)([a-z_]\w*)\5(?!["\w.])`,
  ].join('|'),
  'gi',
);

/** Names of `WITH name AS (…)`. */
const COMMON_TABLE =
  /(?:\bWITH\s+(?:RECURSIVE\s+)?|\)\s*,\s*)([a-z_]\w*)\s*(?:\([^()]*\)\s*)?AS\s+(?:(?:NOT\s+)?MATERIALIZED\s+)?\(/gi;

/**
 * Handles tables that follow FROM, JOIN, INTO, UPDATE, ANALYZE or TABLE. A table elsewhere, such as after a comma, keeps its
 * name, and PostgreSQL then reports that it does not exist.
 */
function qualifyTables(sql: string, schema: string): string {
  const common = new Set([...sql.matchAll(COMMON_TABLE)].map(([, name]) => name?.toLowerCase()));
  return sql.replace(
    TABLE_REFERENCE,
    (match: string, ...[from, , read, into, , written]: (string | undefined)[]) => {
      const [keyword, table] = [from ?? into, read ?? written];
      if (keyword === undefined || table === undefined) return match;
      if (/^pg_/i.test(table) || common.has(table.toLowerCase())) return match;
      return `${keyword}"${schema}".${match.slice(keyword.length)}`;
    },
  );
}
