import pg from 'pg';

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

/**
 * A client of the driver that names the schema of each table. A `search_path` would depend on a startup parameter or on the
 * session, and a pooler drops both. Decision record 24 has the reasons.
 */
export function createSchemaClient(schema: string, kind: ConnectionKind): typeof pg.Client {
  const qualify = createQualifier(schema);
  const isPooled = kind === 'pooled';
  const prepareText = (text: string) =>
    isPooled ? limitTransaction(qualify(text)) : qualify(text);
  const prepare = (statement: unknown): unknown => {
    if (typeof statement === 'string') return prepareText(statement);
    if (!isQueryConfig(statement)) return statement;
    const { name, ...unnamed } = statement;
    const text = prepareText(statement.text);
    return isPooled || name === undefined ? { ...unnamed, text } : { ...unnamed, name, text };
  };
  return class SchemaClient extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      const send = this.query.bind(this) as Query;
      Object.assign(this, {
        query: (statement: unknown, ...rest: unknown[]) => send(prepare(statement), ...rest),
      });
    }
  };
}

/** An object with a method `submit` is a query of a driver extension, which sends itself. */
const isQueryConfig = (statement: unknown): statement is pg.QueryConfig =>
  typeof statement === 'object' &&
  statement !== null &&
  'text' in statement &&
  !('submit' in statement);

/** The limit travels with the statement that begins the transaction, so it costs no round trip. */
const limitTransaction = (text: string): string =>
  text === 'START TRANSACTION'
    ? `START TRANSACTION; SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`
    : text;

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
    String.raw`(?<!\bDISTINCT\s+|\(\s*\w+\s+)\b((?:FROM|JOIN)\s+)(?!(?:LATERAL|ONLY|SELECT)\b)("?)([a-z_]\w*)\2(?!["\w.]|\s*\()`,
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
