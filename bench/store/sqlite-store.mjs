import Database from 'better-sqlite3';
import { batches } from './batches.mjs';

/** The file of a server that is up, from outside: what is put into it, asked and weighed. */
export class SqliteStore {
  #database;

  constructor(file) {
    this.#database = new Database(file, { timeout: 10_000 });
    this.#database.pragma('synchronous = NORMAL');
  }

  /** @param {Iterable<object>} rows by column; all of them have the same columns */
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

  async execute(sql) {
    this.#database.exec(sql);
  }

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

  /** Bytes of the pages of a table and its indexes. */
  async bytesOf(table) {
    const [{ bytes }] = await this.query(
      `SELECT sum(pgsize) AS bytes FROM dbstat
       WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = '${table}')`,
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
