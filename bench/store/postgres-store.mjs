import pg from 'pg';
import { batches } from './batches.mjs';

/** The schema of a server that is up, from outside: what is put into it, asked and weighed. */
export class PostgresStore {
  #client;

  static async open(connectionString) {
    const store = new PostgresStore();
    store.#client = new pg.Client({ connectionString, options: '-c search_path=auth' });
    await store.#client.connect();
    return store;
  }

  /** @param {Iterable<object>} rows by column; all of them have the same columns */
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

  async execute(sql) {
    await this.#client.query(sql);
  }

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

  /** Bytes of a table with all that belongs to it: indexes, free space and maps. */
  async bytesOf(table) {
    const [{ bytes }] = await this.query(`SELECT pg_total_relation_size('${table}') AS bytes`);
    return Number(bytes);
  }

  /** How many updates a table has seen, and how many of them touched no index (heap-only tuples). */
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
