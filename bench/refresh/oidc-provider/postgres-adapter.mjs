import pg from 'pg';

const SCHEMA = `
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
  await pool.query(SCHEMA);
  return (model) => new PostgresAdapter(model, pool);
}

class PostgresAdapter {
  constructor(model, pool) {
    this.model = model;
    this.pool = pool;
  }

  async upsert(id, payload, expiresIn) {
    const { grantId, uid, userCode } = payload;
    const expiresAt = expiresIn ? epochSeconds() + expiresIn : undefined;
    const text = JSON.stringify(payload);
    await this.run(UPSERT, [this.key(id), text, grantId, uid, userCode, expiresAt]);
  }

  async find(id) {
    return payloadOf(await this.run(FIND, [this.key(id)]));
  }

  async findByUid(uid) {
    return payloadOf(await this.run(FIND_BY_UID, [uid]));
  }

  async findByUserCode(userCode) {
    return payloadOf(await this.run(FIND_BY_USER_CODE, [userCode]));
  }

  async consume(id) {
    await this.run(CONSUME, [this.key(id), epochSeconds()]);
  }

  async destroy(id) {
    await this.run(DESTROY, [this.key(id)]);
  }

  async revokeByGrantId(grantId) {
    await this.run(REVOKE, [grantId]);
  }

  run(statement, values) {
    return this.pool.query({ ...statement, values });
  }

  key(id) {
    return `${this.model}:${id}`;
  }
}

function payloadOf({ rows: [row] }) {
  if (!row) return undefined;
  const payload = JSON.parse(row.payload);
  return row.consumed_at === null ? payload : { ...payload, consumed: row.consumed_at };
}

function epochSeconds() {
  return Math.floor(Date.now() / 1000);
}
