import type { Decision, SqlStatement } from './writer.js';

/** One row, or an error. Other statements of a transaction can depend on the order, so they are not joined. */
const PLAIN_INSERT = /^\s*INSERT INTO \w+ \([^()]*\)\s*VALUES \([^()]*\)\s*$/;

/** PostgreSQL accepts 65,535 parameters in a statement, and a transaction may store an event for each session of a client. */
const MAX_JOINED = 8;

interface JoinedStatement extends SqlStatement {
  /** How many statements it consists of. */
  readonly size: number;
}

/** The texts of the program are constants, so the number of their sequences is bounded. */
const joinedTexts = new Map<string, string>();

/**
 * Joins inserts that follow each other to one statement, so that a transaction has few. The cost is the same (decision 33), and so
 * is the effect: each insert adds its row, or the statement fails.
 */
export function joinInserts(statements: readonly SqlStatement[]): readonly JoinedStatement[] {
  const joined: SqlStatement[][] = [];
  for (const statement of statements) {
    const group = joined.at(-1);
    if (group && canJoin(group, statement)) group.push(statement);
    else joined.push([statement]);
  }
  return joined.map(joinGroup);
}

const canJoin = (group: readonly SqlStatement[], statement: SqlStatement): boolean =>
  group.length < MAX_JOINED && [...group.slice(0, 1), statement].every(isPlainInsert);

export const isPlainInsert = ({ sql }: SqlStatement): boolean => PLAIN_INSERT.test(sql);

function joinGroup(group: readonly SqlStatement[]): JoinedStatement {
  const key = group.map(({ sql }) => sql).join(';');
  const sql = joinedTexts.get(key) ?? joinTexts(group, 'joined_0');
  joinedTexts.set(key, sql);
  return { sql, parameters: group.flatMap(({ parameters }) => parameters), size: group.length };
}

/** Joins a claim and its changes to one statement, in which each insert adds its row once for the row of the claim. */
export function joinDecision({ claim, changes }: Decision): SqlStatement {
  const group = [claim, ...changes];
  const key = `claimed;${group.map(({ sql }) => sql).join(';')}`;
  const sql = joinedTexts.get(key) ?? joinTexts([claim, ...changes.map(toConditional)], 'claimed');
  joinedTexts.set(key, sql);
  return { sql, parameters: group.flatMap(({ parameters }) => parameters) };
}

const toConditional = (statement: SqlStatement): SqlStatement =>
  isPlainInsert(statement)
    ? {
        ...statement,
        sql: statement.sql.replace(/VALUES \(([^()]*)\)\s*$/, 'SELECT $1 FROM claimed'),
      }
    : statement;

/** `WITH <first> AS (INSERT …), joined_1 AS (INSERT …) INSERT …`, with the parameters numbered through. */
function joinTexts(group: readonly SqlStatement[], first: string): string {
  let offset = 0;
  const texts = group.map(({ sql, parameters }) => {
    const before = offset;
    offset += parameters.length;
    return sql.replaceAll(/\$(\d+)/g, (_, n: string) => `$${Number(n) + before}`);
  });
  const last = texts.pop() ?? '';
  if (texts.length === 0) return last;
  const named = texts.map((text, n) => `${n === 0 ? first : `joined_${n}`} AS (${text})`);
  return `WITH ${named.join(', ')} ${last}`;
}
