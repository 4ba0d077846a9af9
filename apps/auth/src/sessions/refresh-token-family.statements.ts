/** SQL texts of `refresh-token-family.repository.ts`, for SQLite and PostgreSQL. */

/** A client may have a million families, and each statement must stay far below the statement timeout. */
const CLIENT_BATCH_SIZE = 1_000;

const buildInsertText = (device: string): string => `
  INSERT INTO refresh_token_family (id, account_id, client_id, scope, resource, generation, rotated_at, created_at,
    idle_expires_at, absolute_expires_at, status_index, authenticated_at, browser_session_id, amr, claims, dpop_jkt, user_agent, origin)
  VALUES ($1, $2, $3, $4, $5, 0, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14, ${device})`;
export const INSERT = buildInsertText('$15, $16');
export const INSERT_OF_CLAIMED_DEVICE = buildInsertText('claimed.user_agent, claimed.origin');

export const COUNT_UNREVOKED =
  'SELECT count(*) AS unrevoked FROM refresh_token_family WHERE account_id = $1 AND ended_at IS NULL';

export const SELECT_ACTIVE_IDS = `
  SELECT id FROM refresh_token_family
  WHERE account_id = $1 AND ended_at IS NULL AND idle_expires_at > $2 AND absolute_expires_at > $2`;

/** Families that were revoked after `$1`. A partial index leads to these rows. */
export const SELECT_REVOKED_STATUS_INDEXES =
  'SELECT status_index FROM refresh_token_family WHERE ended_at > $1 AND status_index IS NOT NULL';

const IS_OFFLINE = `' ' || refresh_token_family.scope || ' ' LIKE '% offline!_access %' ESCAPE '!'`;
export const IN_BROWSER_SESSION = `browser_session_id = $3 AND NOT (${IS_OFFLINE})`;

export const SELECT_OFFLINE_TO_TELL = `
  SELECT refresh_token_family.id, account_id, client_id
  FROM refresh_token_family JOIN client ON client.id = client_id
  WHERE browser_session_id = $1 AND ended_at IS NULL AND backchannel_logout_uri IS NOT NULL AND ${IS_OFFLINE}`;

/** The concatenation makes the database use the index on accounts, because a client may have a million families. */
export const OF_ACCOUNT_AND_CLIENT = `account_id = $3 AND client_id || '' = $4`;

export const OUTSIDE_BROWSER_SESSION =
  'account_id = $3 AND (browser_session_id IS NULL OR browser_session_id <> $4)';

export const BATCH_OF_CLIENT = `id IN (
  SELECT id FROM refresh_token_family WHERE client_id = $3 AND ended_at IS NULL LIMIT ${CLIENT_BATCH_SIZE})`;

export const COMPLETE_ROTATION = `
  UPDATE refresh_token_family SET rotated_at = $3
  WHERE id = $1 AND generation = $2 AND rotated_at < $3 AND ended_at IS NULL`;

/**
 * The families of the client itself come last and go first, so that one client cannot end the sessions at others by repeated
 * logins. SQLite has no OFFSET without a LIMIT.
 */
export const ABOVE_SESSION_LIMIT = `id IN (
  SELECT id FROM refresh_token_family
  WHERE account_id = $3 AND id <> $4 AND ended_at IS NULL AND idle_expires_at > $5 AND absolute_expires_at > $5
  ORDER BY CASE WHEN client_id = $7 THEN 1 ELSE 0 END, created_at DESC, id LIMIT 1000000 OFFSET $6)`;
