import Database from 'better-sqlite3';
import pg from 'pg';

/** The schema of a server that is up, from outside: what is put into it, asked and weighed. */
export class PostgresStore {
  /** @param {pg.Client} client */
  constructor(client) {
    this.#client = client;
  }

  /** @type {pg.Client} */
  #client;

  /** @param {string} connectionString */
  static async open(connectionString) {
    const client = new pg.Client({ connectionString, options: '-c search_path=auth' });
    await client.connect();
    return new PostgresStore(client);
  }

  /** @param {string} table @param {Iterable<object>} rows by column; all of them have the same columns */
  async insert(table, rows) {
    for (const batch of batches(rows)) {
      const columns = Object.keys(batch[0]).join(', ');
      await this.#client.query(
        `INSERT INTO ${table} (${columns})
         SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1)`,
        [JSON.stringify(batch)],
      );
    }
  }

  /** @param {string} sql */
  async execute(sql) {
    await this.#client.query(sql);
  }

  /** @param {string} sql */
  async query(sql) {
    return (await this.#client.query(sql)).rows;
  }

  /** As a database is that was not filled a moment ago. */
  async settle() {
    await this.#client.query('VACUUM ANALYZE');
    await this.#client.query('CHECKPOINT');
  }

  /** Without the free space. */
  async compact() {
    await this.#client.query('VACUUM FULL');
  }

  /**
   * Bytes of a table with all that belongs to it: indexes, free space and maps.
   *
   * @param {string} table
   */
  async bytesOf(table) {
    const [{ bytes }] = await this.query(`SELECT pg_total_relation_size('${table}') AS bytes`);
    return Number(bytes);
  }

  /**
   * How many updates a table has seen, and how many of them touched no index (heap-only tuples).
   *
   * @param {string} table
   */
  async updatesOf(table) {
    const [counts] = await this.query(
      `SELECT n_tup_upd::float8 AS all, n_tup_hot_upd::float8 AS "inPlace" FROM pg_stat_user_tables
       WHERE relid = '${table}'::regclass`,
    );
    return counts;
  }

  close() {
    return this.#client.end();
  }
}

/** The file of a server that is up, from outside: what is put into it, asked and weighed. */
export class SqliteStore {
  #database;

  /** @param {string} file */
  constructor(file) {
    this.#database = new Database(file, { timeout: 10_000 });
    this.#database.pragma('synchronous = NORMAL');
  }

  /** @param {string} table @param {Iterable<object>} rows by column; all of them have the same columns */
  async insert(table, rows) {
    for (const batch of batches(rows)) {
      const columns = Object.keys(batch[0]);
      const values = columns.map((column) => `@${column}`).join(', ');
      const statement = this.#database.prepare(
        `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values})`,
      );
      const all = this.#database.transaction(() => batch.forEach((row) => statement.run(row)));
      all.immediate();
    }
  }

  /** @param {string} sql */
  async execute(sql) {
    this.#database.exec(sql);
  }

  /** @param {string} sql */
  async query(sql) {
    return this.#database.prepare(sql).all();
  }

  /** As a database is that was not filled a moment ago. */
  async settle() {
    this.#database.exec('ANALYZE');
    this.#database.pragma('wal_checkpoint(TRUNCATE)');
  }

  /** Without the free space. */
  async compact() {
    this.#database.exec('VACUUM');
  }

  /**
   * Bytes of the pages of a table and its indexes.
   *
   * @param {string} table
   */
  async bytesOf(table) {
    const [{ bytes }] = /** @type {{ bytes: number }[]} */ (
      await this.query(
        `SELECT sum(pgsize) AS bytes FROM dbstat
       WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = '${table}')`,
      )
    );
    return bytes;
  }

  /** Not counted here. */
  async updatesOf() {
    return { all: Number.NaN, inPlace: Number.NaN };
  }

  async close() {
    this.#database.close();
  }
}

/** Rows that are inserted at once: a server that is up gets its turn between two. */
const SIZE = 10_000;

/** @param {Iterable<object>} rows */
export function* batches(rows) {
  let batch = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
