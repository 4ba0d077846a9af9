import { randomBytes } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tables of the authorization endpoint and of OpenID Connect: clients with redirect URIs, codes, browser sessions, consents,
 * and used values.
 */
export class Authorization1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
    const isPostgres = runner.dataSource.options.type === 'postgres';
    for (const statement of countersIn(isPostgres ? 'UNLOGGED' : '')) await runner.query(statement);
    await seedPairwise(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

/** Column and definition, by table. */
const COLUMNS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  account: [
    // Standard claims of OpenID Connect Core §5.1 as a JSON object.
    ['claims', `text NOT NULL DEFAULT '{}'`],
    // 128 random bits. Pairwise subjects are derived from them.
    ['pairwise_seed', `varchar(22) NOT NULL DEFAULT ''`],
  ],
  client: [
    ['name', `varchar(100) NOT NULL DEFAULT ''`],
    ['redirect_uris', `varchar(4000) NOT NULL DEFAULT ''`],
    ['post_logout_redirect_uris', `varchar(4000) NOT NULL DEFAULT ''`],
    ['require_pkce', 'integer NOT NULL DEFAULT 1'],
    ['first_party', 'integer NOT NULL DEFAULT 0'],
    ['id_token_algorithm', 'varchar(8)'],
    ['subject_type', `varchar(8) NOT NULL DEFAULT 'public'`],
    // A JWK Set (RFC 7517 §5) with the client's public keys.
    ['jwks', 'text'],
    // The resource server that this client represents at introspection and token exchange.
    ['resource_server', 'varchar(2000)'],
    // The resource servers that the client may exchange tokens for.
    ['exchange_targets', `varchar(2000) NOT NULL DEFAULT ''`],
    ['dpop_bound', 'integer NOT NULL DEFAULT 0'],
  ],
  refresh_token_family: [
    // auth_time, when the user authenticated before the family was created.
    ['authenticated_at', 'bigint'],
    ['browser_session_id', 'varchar(22)'],
    ['amr', `varchar(64) NOT NULL DEFAULT 'pwd'`],
    // The claims parameter of OpenID Connect Core §5.5.
    ['claims', 'text'],
    ['dpop_jkt', 'varchar(43)'],
  ],
};

const COLUMN_LIST = Object.entries(COLUMNS).flatMap(([table, columns]) =>
  columns.map(([column, definition]) => ({ table, column, definition })),
);

const UP = [
  ...COLUMN_LIST.map(
    ({ table, column, definition }) => `ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`,
  ),
  `CREATE TABLE browser_session (
    id                  varchar(22)  NOT NULL PRIMARY KEY,
    secret_hash         varchar(43)  NOT NULL UNIQUE,
    account_id          varchar(27)  NOT NULL REFERENCES account (id),
    amr                 varchar(64)  NOT NULL,
    user_agent          varchar(255),
    origin              varchar(64),
    created_at          bigint       NOT NULL,
    authenticated_at    bigint       NOT NULL,
    last_used_at        bigint       NOT NULL,
    absolute_expires_at bigint       NOT NULL,
    ended_at            bigint
  )`,
  `CREATE INDEX living_browser_session_by_account ON browser_session (account_id) WHERE ended_at IS NULL`,
  `CREATE INDEX living_family_by_browser_session ON refresh_token_family (browser_session_id)
   WHERE ended_at IS NULL AND browser_session_id IS NOT NULL`,
  `CREATE TABLE authorization_code (
    code_hash          varchar(43)   NOT NULL PRIMARY KEY,
    client_id          varchar(64)   NOT NULL REFERENCES client (id),
    account_id         varchar(27)   NOT NULL REFERENCES account (id),
    browser_session_id varchar(22)   NOT NULL,
    redirect_uri       varchar(2000) NOT NULL,
    scope              varchar(2000) NOT NULL,
    resource           varchar(2000) NOT NULL,
    code_challenge     varchar(43),
    nonce              varchar(1000),
    claims             text,
    dpop_jkt           varchar(43),
    authenticated_at   bigint        NOT NULL,
    amr                varchar(64)   NOT NULL,
    expires_at         bigint        NOT NULL,
    used_at            bigint,
    family_id          varchar(22)
  )`,
  'CREATE INDEX authorization_code_by_end ON authorization_code (expires_at)',
  `CREATE TABLE consent (
    account_id varchar(27)   NOT NULL REFERENCES account (id),
    client_id  varchar(64)   NOT NULL REFERENCES client (id),
    scope      text          NOT NULL,
    granted_at bigint        NOT NULL,
    PRIMARY KEY (account_id, client_id)
  )`,
  // Values that may be used once: the jti of client assertions (RFC 7523 §3) and of DPoP proofs (RFC 9449 §11.1).
  `CREATE TABLE used_value (
    value_hash varchar(43) NOT NULL PRIMARY KEY,
    expires_at bigint      NOT NULL
  )`,
  'CREATE INDEX used_value_by_end ON used_value (expires_at)',
];

/**
 * Counters of anonymous requests. On PostgreSQL the tables are unlogged: no write waits for the disk, and a crash of the
 * database empties them.
 */
const countersIn = (kind: 'UNLOGGED' | '') => [
  `CREATE ${kind} TABLE login_attempt (
    key          varchar(43) NOT NULL PRIMARY KEY,
    forgotten_at bigint      NOT NULL,
    waits_until  bigint      NOT NULL
  )`,
  'CREATE INDEX login_attempt_by_end ON login_attempt (forgotten_at)',
  // The columns that rate-limiter-flexible expects.
  `CREATE ${kind} TABLE rate_limit (
    key    varchar(255) NOT NULL PRIMARY KEY,
    points integer      NOT NULL,
    expire bigint
  )`,
];

const DOWN = [
  'DROP TABLE rate_limit',
  'DROP TABLE login_attempt',
  'DROP TABLE used_value',
  'DROP TABLE consent',
  'DROP TABLE authorization_code',
  'DROP INDEX living_family_by_browser_session',
  'DROP TABLE browser_session',
  ...COLUMN_LIST.map(({ table, column }) => `ALTER TABLE ${table} DROP COLUMN ${column}`),
];

/** Existing accounts get their seed now, because a subject must never change. */
async function seedPairwise(runner: QueryRunner): Promise<void> {
  const accounts: readonly { readonly id: string }[] = await runner.query('SELECT id FROM account');
  for (const { id } of accounts) {
    const seed = randomBytes(16).toString('base64url');
    await runner.query(
      `UPDATE account SET pairwise_seed = '${seed}' WHERE id = '${id.replaceAll("'", "''")}'`,
    );
  }
}
