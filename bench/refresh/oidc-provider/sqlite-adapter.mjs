import Database from 'better-sqlite3';

const SCHEMA = `
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
  database.exec(SCHEMA);
  const statements = prepare(database);
  return (model) => new SqliteAdapter(model, statements);
}

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
  constructor(model, statements) {
    this.model = model;
    this.statements = statements;
  }

  async upsert(id, payload, expiresIn) {
    const { grantId = null, uid = null, userCode = null } = payload;
    const expiresAt = expiresIn ? Math.floor(Date.now() / 1000) + expiresIn : null;
    const text = JSON.stringify(payload);
    this.statements.upsert.run(this.key(id), text, grantId, uid, userCode, expiresAt);
  }

  async find(id) {
    return payloadOf(this.statements.find.get(this.key(id)));
  }

  async findByUid(uid) {
    return payloadOf(this.statements.findByUid.get(uid));
  }

  async findByUserCode(userCode) {
    return payloadOf(this.statements.findByUserCode.get(userCode));
  }

  async consume(id) {
    this.statements.consume.run(this.key(id));
  }

  async destroy(id) {
    this.statements.destroy.run(this.key(id));
  }

  async revokeByGrantId(grantId) {
    this.statements.revoke.run(grantId);
  }

  key(id) {
    return `${this.model}:${id}`;
  }
}

function payloadOf(row) {
  if (!row) return undefined;
  const payload = JSON.parse(row.payload);
  return row.consumed_at === null ? payload : { ...payload, consumed: row.consumed_at };
}
