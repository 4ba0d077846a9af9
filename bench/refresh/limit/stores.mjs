import Database from 'better-sqlite3';
import pg from 'pg';

/** @typedef {{ family: string, generation: number, resolve: (rotated: boolean) => void }} Rotation */

/**
 * One row per login on PostgreSQL. Rotations that wait while a statement is under way share the next one: PostgreSQL
 * groups the commits of its connections too, but a round trip and a transaction for each rotation cost far more.
 *
 * @param {string} url
 */
export async function postgresStore(url) {
  const pool = new pg.Pool({ connectionString: url, max: 16, idleTimeoutMillis: 0 });
  await pool.query(
    'CREATE TABLE family (id text PRIMARY KEY, generation integer, rotated_at bigint) WITH (fillfactor = 50)',
  );
  /** @type {Rotation[]} */
  let waiting = [];
  let underWay = false;

  async function flush() {
    const batch = waiting;
    waiting = [];
    underWay = true;
    const rotated = await rotateAll(pool, batch);
    batch.forEach(({ resolve }, index) => resolve(rotated.has(index + 1)));
    underWay = false;
    if (waiting.length > 0) flush();
  }

  return {
    /** @param {string} family */
    add: (family) => pool.query('INSERT INTO family VALUES ($1, 1, 0)', [family]),
    /** @param {string} family @param {number} generation @returns {Promise<boolean>} */
    rotate: (family, generation) =>
      new Promise((resolve) => {
        if (waiting.push({ family, generation, resolve }) === 1 && !underWay) setImmediate(flush);
      }),
  };
}

/** The ordinal position tells two rotations of one family apart: exactly one of them is returned. */
const ROTATE_ALL = {
  name: 'rotate',
  text: `UPDATE family SET generation = family.generation + 1, rotated_at = $1
         FROM unnest($2::text[], $3::integer[]) WITH ORDINALITY AS wanted (id, generation, position)
         WHERE family.id = wanted.id AND family.generation = wanted.generation
         RETURNING wanted.position::integer`,
};

/** @param {pg.Pool} pool @param {Rotation[]} batch */
async function rotateAll(pool, batch) {
  const families = batch.map(({ family }) => family);
  const generations = batch.map(({ generation }) => generation);
  const { rows } = await pool.query({ ...ROTATE_ALL, values: [Date.now(), families, generations] });
  return new Set(rows.map(({ position }) => position));
}

/**
 * One row per login on SQLite. Writes that arrive in one turn of the event loop share one durable commit.
 *
 * @param {string} file
 */
export function sqliteStore(file) {
  const { database, write } = groupCommits(file);
  database.exec(
    'CREATE TABLE family (id TEXT PRIMARY KEY, generation INTEGER, rotated_at INTEGER) WITHOUT ROWID',
  );
  const insert = database.prepare('INSERT INTO family VALUES (?, 1, 0)');
  const update = database.prepare(
    'UPDATE family SET generation = generation + 1, rotated_at = ? WHERE id = ? AND generation = ?',
  );
  return {
    database,
    write,
    /** @param {string} family */
    add: (family) => write(() => insert.run(family)),
    /** @param {string} family @param {number} generation @returns {Promise<boolean>} */
    rotate: (family, generation) =>
      write(() => update.run(Date.now(), family, generation).changes === 1),
  };
}

/** @param {string} file */
function groupCommits(file) {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  /** @typedef {{ run: () => any, resolve: (result: any) => void }} Write */
  const commit = database.transaction((/** @type {Write[]} */ batch) =>
    batch.map(({ run }) => run()),
  );
  /** @type {Write[]} */
  let waiting = [];

  function flush() {
    const batch = waiting;
    waiting = [];
    const results = commit.immediate(batch);
    batch.forEach(({ resolve }, index) => resolve(results[index]));
  }

  return {
    database,
    /** @template T @param {() => T} run @returns {Promise<T>} */
    write: (run) =>
      new Promise((resolve) => {
        if (waiting.push({ run, resolve }) === 1) setImmediate(flush);
      }),
  };
}
