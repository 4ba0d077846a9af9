import { createQualifier } from '../../src/schema-client.js';

const qualify = createQualifier('auth');

describe('the schema in statements for PostgreSQL', () => {
  it.each([
    ['SELECT 1 FROM lease WHERE name = $1', 'SELECT 1 FROM "auth".lease WHERE name = $1'],
    ['DELETE FROM "rate_limit" WHERE key = $1', 'DELETE FROM "auth"."rate_limit" WHERE key = $1'],
    ['INSERT INTO lease (name) VALUES ($1)', 'INSERT INTO "auth".lease (name) VALUES ($1)'],
    [
      'INSERT INTO lease (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET holder = $2',
      'INSERT INTO "auth".lease (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET holder = $2',
    ],
    [
      'UPDATE note SET text = g.v1 FROM unnest($1::text[]) AS g(v1)',
      'UPDATE "auth".note SET text = g.v1 FROM unnest($1::text[]) AS g(v1)',
    ],
    [
      'SELECT a FROM one JOIN two ON one.id = two.id LEFT JOIN LATERAL f(one.id) ON true',
      'SELECT a FROM "auth".one JOIN "auth".two ON one.id = two.id LEFT JOIN LATERAL f(one.id) ON true',
    ],
    [
      'DELETE FROM note WHERE id IN (SELECT id FROM note ORDER BY id FOR UPDATE SKIP LOCKED)',
      'DELETE FROM "auth".note WHERE id IN (SELECT id FROM "auth".note ORDER BY id FOR UPDATE SKIP LOCKED)',
    ],
    [
      'WITH gone AS (DELETE FROM note RETURNING id) SELECT extract(epoch FROM at) FROM gone',
      'WITH gone AS (DELETE FROM "auth".note RETURNING id) SELECT extract(epoch FROM at) FROM gone',
    ],
    [
      'WITH old AS (SELECT id FROM note), done (n) AS (SELECT 1) SELECT * FROM old JOIN done ON true',
      'WITH old AS (SELECT id FROM "auth".note), done (n) AS (SELECT 1) SELECT * FROM old JOIN done ON true',
    ],
    [
      'SELECT max(key) FROM (SELECT key FROM rate_limit ORDER BY key) AS stretch',
      'SELECT max(key) FROM (SELECT key FROM "auth".rate_limit ORDER BY key) AS stretch',
    ],
    ['ALTER TABLE note RENAME TO other', 'ALTER TABLE "auth".note RENAME TO other'],
    ['select id\nfrom\n  note', 'select id\nfrom\n  "auth".note'],
  ])('names the schema of each table: %s', (sql, expected) => {
    expect(qualify(sql)).toBe(expected);
    expect(qualify(sql)).toBe(expected);
  });

  it.each([
    'SELECT extract(epoch FROM clock_timestamp()) AS now',
    'SELECT extract(epoch FROM at) AS now',
    'SELECT trim(both FROM name)',
    `SELECT 'sent FROM note' AS text`,
    'SELECT 1 -- taken FROM note',
    'SELECT * FROM pg_stat_activity',
    'SELECT * FROM information_schema.tables',
    'SELECT * FROM "auth"."note" "note"',
    'SELECT * FROM generate_series(1, 3)',
    'SELECT a IS DISTINCT FROM b',
    'SELECT * FROM (SELECT 1) AS one',
    'START TRANSACTION',
  ])('leaves a statement as it is that names no table of ours: %s', (sql) => {
    expect(qualify(sql)).toBe(sql);
  });
});
