import Database from 'better-sqlite3';
import pg from 'pg';

/** @typedef {import('../../types.js').Row} Row */

const POSTGRES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS artifact (
    key text PRIMARY KEY,
    payload text NOT NULL,
    grant_id text,
    uid text,
    user_code text,
    expires_at bigint,
    consumed_at integer
  );
  CREATE INDEX IF NOT EXISTS artifact_grant ON artifact (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS artifact_uid ON artifact (uid) WHERE uid IS NOT NULL;
  CREATE INDEX IF NOT EXISTS artifact_user_code ON artifact (user_code) WHERE user_code IS NOT NULL`;

/** The names make them prepared statements: each connection parses and plans a text once. */
const UPSERT = {
  name: 'upsert',
  text: `INSERT INTO artifact (key, payload, grant_id, uid, user_code, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (key) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
           uid = excluded.uid, user_code = excluded.user_code, expires_at = excluded.expires_at`,
};
const FIND = { name: 'find', text: 'SELECT payload, consumed_at FROM artifact WHERE key = $1' };
const FIND_BY_UID = {
  name: 'uid',
  text: 'SELECT payload, consumed_at FROM artifact WHERE uid = $1',
};
const FIND_BY_USER_CODE = {
  name: 'user_code',
  text: 'SELECT payload, consumed_at FROM artifact WHERE user_code = $1',
};
const CONSUME = { name: 'consume', text: 'UPDATE artifact SET consumed_at = $2 WHERE key = $1' };
const DESTROY = { name: 'destroy', text: 'DELETE FROM artifact WHERE key = $1' };
const REVOKE = { name: 'revoke', text: 'DELETE FROM artifact WHERE grant_id = $1' };

/**
 * A store for oidc-provider on PostgreSQL: one table, prepared statements, a pool as large as the load.
 * @param {string} url
 * @returns {Promise<(model: string) => object>} an adapter factory
 */
export async function postgresAdapter(url) {
  const pool = new pg.Pool({ connectionString: url, max: 16, idleTimeoutMillis: 0 });
  await pool.query(POSTGRES_SCHEMA);
  return (model) => new PostgresAdapter(model, pool);
}

class PostgresAdapter {
  /** @param {any} model @param {any} pool */
  constructor(model, pool) {
    this.model = model;
    this.pool = pool;
  }

  /**
   * @param {string} id
   * @param {any} payload
   * @param {any} expiresIn
   */
  async upsert(id, payload, expiresIn) {
    const { grantId, uid, userCode } = payload;
    const expiresAt = expiresIn ? epochSeconds() + expiresIn : undefined;
    const text = JSON.stringify(payload);
    await this.run(UPSERT, [this.key(id), text, grantId, uid, userCode, expiresAt]);
  }

  /** @param {string} id */
  async find(id) {
    return payloadOf((await this.run(FIND, [this.key(id)])).rows[0]);
  }

  /** @param {string} uid */
  async findByUid(uid) {
    return payloadOf((await this.run(FIND_BY_UID, [uid])).rows[0]);
  }

  /** @param {string} userCode */
  async findByUserCode(userCode) {
    return payloadOf((await this.run(FIND_BY_USER_CODE, [userCode])).rows[0]);
  }

  /** @param {string} id */
  async consume(id) {
    await this.run(CONSUME, [this.key(id), epochSeconds()]);
  }

  /** @param {string} id */
  async destroy(id) {
    await this.run(DESTROY, [this.key(id)]);
  }

  /** @param {string} grantId */
  async revokeByGrantId(grantId) {
    await this.run(REVOKE, [grantId]);
  }

  /** @param {any} statement @param {any} values */
  run(statement, values) {
    return this.pool.query({ ...statement, values });
  }

  /** @param {string} id */
  key(id) {
    return `${this.model}:${id}`;
  }
}

/** @param {Row} row */
function payloadOf(row) {
  if (!row) return undefined;
  const payload = JSON.parse(row.payload);
  return row.consumed_at === null ? payload : { ...payload, consumed: row.consumed_at };
}

function epochSeconds() {
  return Math.floor(Date.now() / 1000);
}

const SQLITE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS artifact (
    key TEXT PRIMARY KEY,
    payload TEXT NOT NULL,
    grant_id TEXT,
    uid TEXT,
    user_code TEXT,
    expires_at INTEGER,
    consumed_at INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS artifact_grant ON artifact (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS artifact_uid ON artifact (uid) WHERE uid IS NOT NULL;
  CREATE INDEX IF NOT EXISTS artifact_user_code ON artifact (user_code) WHERE user_code IS NOT NULL`;

/**
 * A store for oidc-provider on SQLite: prepared statements, WAL, and `synchronous=FULL` so that an answer is given
 * only when its rotation is on the disk.
 * @param {string} file
 * @returns {(model: string) => object} an adapter factory
 */
export function sqliteAdapter(file) {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(SQLITE_SCHEMA);
  const statements = prepare(database);
  return (model) => new SqliteAdapter(model, statements);
}

/** @param {any} database */
function prepare(database) {
  return {
    upsert: database.prepare(
      `INSERT INTO artifact (key, payload, grant_id, uid, user_code, expires_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
         uid = excluded.uid, user_code = excluded.user_code, expires_at = excluded.expires_at`,
    ),
    find: database.prepare('SELECT payload, consumed_at FROM artifact WHERE key = ?'),
    findByUid: database.prepare('SELECT payload, consumed_at FROM artifact WHERE uid = ?'),
    findByUserCode: database.prepare(
      'SELECT payload, consumed_at FROM artifact WHERE user_code = ?',
    ),
    consume: database.prepare('UPDATE artifact SET consumed_at = unixepoch() WHERE key = ?'),
    destroy: database.prepare('DELETE FROM artifact WHERE key = ?'),
    revoke: database.prepare('DELETE FROM artifact WHERE grant_id = ?'),
  };
}

class SqliteAdapter {
  /** @param {any} model @param {any} statements */
  constructor(model, statements) {
    this.model = model;
    this.statements = statements;
  }

  /**
   * @param {string} id
   * @param {any} payload
   * @param {any} expiresIn
   */
  async upsert(id, payload, expiresIn) {
    const { grantId = null, uid = null, userCode = null } = payload;
    const expiresAt = expiresIn ? Math.floor(Date.now() / 1000) + expiresIn : null;
    const text = JSON.stringify(payload);
    this.statements.upsert.run(this.key(id), text, grantId, uid, userCode, expiresAt);
  }

  /** @param {string} id */
  async find(id) {
    return payloadOf(this.statements.find.get(this.key(id)));
  }

  /** @param {string} uid */
  async findByUid(uid) {
    return payloadOf(this.statements.findByUid.get(uid));
  }

  /** @param {string} userCode */
  async findByUserCode(userCode) {
    return payloadOf(this.statements.findByUserCode.get(userCode));
  }

  /** @param {string} id */
  async consume(id) {
    this.statements.consume.run(this.key(id));
  }

  /** @param {string} id */
  async destroy(id) {
    this.statements.destroy.run(this.key(id));
  }

  /** @param {string} grantId */
  async revokeByGrantId(grantId) {
    this.statements.revoke.run(grantId);
  }

  /** @param {string} id */
  key(id) {
    return `${this.model}:${id}`;
  }
}
