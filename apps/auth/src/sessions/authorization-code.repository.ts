import {
  CleanupJob,
  createIndexedCleanup,
  type Decision,
  type RowLookup,
  type SqlStatement,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Account } from '../accounts/account.entity.js';
import { IssuedCredentials } from '../tokens/issued-credentials.js';
import { AuthorizationCode, MAX_SHORT_NONCE } from './authorization-code.entity.js';
import type { ClaimedRow } from './account-transaction.service.js';
import type { BrowserSession } from './browser-session.entity.js';

/** The grant of a user to a client, and the browser session in which the user gave it. */
export interface NewAuthorizationCode extends Pick<
  AuthorizationCode,
  | 'clientId'
  | 'redirectUri'
  | 'scope'
  | 'resources'
  | 'codeChallenge'
  | 'nonce'
  | 'claims'
  | 'dpopJkt'
> {
  readonly session: Pick<BrowserSession, 'id' | 'accountId' | 'authenticatedAt' | 'amr'>;
}

/** The use of a code by a new family. Instants are milliseconds since the epoch. */
export interface CodeUse {
  readonly familyId: string;
  readonly arrivedAt: number;
  readonly now: number;
}

/** The columns of an account that an ID token needs. */
export type ClaimedAccount = Pick<Account, 'id' | 'email' | 'claims' | 'pairwiseSeed'>;

/** What a claimed code is good for: the account, and the browser in which the user authenticated. */
export type ClaimedCode = Omit<ClaimedAccount, 'id'> &
  Pick<BrowserSession, 'userAgent' | 'origin'> &
  ClaimedRow;

/** All SQL of the table `authorization_code`. A claim also locks the account and the browser session of the code. */
@Injectable()
export class AuthorizationCodeRepository implements OnModuleInit {
  private readonly lookup: RowLookup<AuthorizationCode>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cleanup: CleanupJob,
    private readonly credentials: IssuedCredentials,
  ) {
    this.lookup = unitOfWork.lookup(AuthorizationCode);
  }

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_CODES));
  }

  createCode(): string {
    return this.credentials.createCode();
  }

  /** @param expiresAt milliseconds since the epoch */
  buildInsert(
    { session, ...code }: NewAuthorizationCode,
    hash: string,
    expiresAt: number,
  ): SqlStatement {
    const isLong = code.nonce !== null && code.nonce.length > MAX_SHORT_NONCE;
    const nonces = isLong ? [null, code.nonce] : [code.nonce, null];
    const parameters = [
      ...[hash, code.clientId, session.accountId, session.id, code.redirectUri],
      ...[code.scope.join(' '), code.resources.join(' '), code.codeChallenge, ...nonces],
      ...[code.claims, code.dpopJkt],
      ...[session.authenticatedAt.getTime(), session.amr.join(' '), expiresAt],
    ];
    return { sql: INSERT, parameters };
  }

  find(hash: string): Promise<AuthorizationCode | undefined> {
    return this.lookup.find(hash);
  }

  /**
   * Marks a code as used by a new family, in the transaction that creates the family. The condition is the lock: of any
   * number of callers on all replicas exactly one succeeds, and none succeeds after the account or the client was disabled, the
   * browser session ended, or the user withdrew the consent.
   *
   * @param use when the request arrived, for the age of the code, and now, in milliseconds since the epoch
   * @returns {@link Login.claim} with the row {@link ClaimedCode}. The lock of the account is a statement of its own, because a
   * statement on PostgreSQL does not see what others committed while it waited.
   */
  buildClaim(
    { hash, accountId, browserSessionId }: AuthorizationCode,
    { familyId, arrivedAt, now }: CodeUse,
  ): readonly SqlStatement[] {
    const sql = this.unitOfWork.isPostgres ? CLAIM_ON_POSTGRES : CLAIM_ON_SQLITE;
    return [
      { sql: CLAIM_ACCOUNT, parameters: [accountId, now] },
      { sql, parameters: [hash, now, familyId, arrivedAt, accountId, browserSessionId] },
    ];
  }

  /**
   * The same as one statement, for {@link AccountTransactionService.decideLogin}. It does not hold for an account that has its
   * limit of sessions.
   * @param creation inserts of the family, whose device is a part of `claimed`
   * @returns a decision whose row is a {@link ClaimedAccount} without its id
   */
  buildDecision(
    { hash, accountId, browserSessionId }: AuthorizationCode,
    { familyId, arrivedAt, now, limit }: CodeUse & { readonly limit: number },
    creation: readonly SqlStatement[],
  ): Omit<Decision, 'lock'> {
    const parameters = [hash, now, familyId, arrivedAt, accountId, browserSessionId, limit];
    return {
      claim: { sql: CLAIM_AT_ONCE, parameters },
      changes: [...creation, { sql: RECORD_LOGIN, parameters: [accountId, now] }],
    };
  }

  /**
   * Deletes the codes of a user for a client that can still be exchanged.
   * @param now milliseconds since the epoch
   */
  async deleteUnused(accountId: string, clientId: string, now: number): Promise<void> {
    await this.unitOfWork.execute(DELETE_UNUSED, [accountId, clientId, now]);
  }

  async deleteOfAccount(accountId: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM authorization_code WHERE account_id = $1', [
      accountId,
    ]);
  }
}

const INSERT = `
  INSERT INTO authorization_code (code_hash, client_id, account_id, browser_session_id, redirect_uri, scope,
    resource, code_challenge, nonce, long_nonce, claims, dpop_jkt, authenticated_at, amr, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`;

const IS_UNUSED = `
  code_hash = $1 AND used_at IS NULL AND expires_at > $4 AND EXISTS (
    SELECT 1 FROM client
    WHERE client.id = authorization_code.client_id AND disabled_at IS NULL AND (first_party = 1 OR EXISTS (
      SELECT 1 FROM consent
      WHERE consent.account_id = authorization_code.account_id AND consent.client_id = client.id)))`;

/** Locks the account. The next statement then sees what concurrent transactions of the account have changed. */
const CLAIM_ACCOUNT = 'UPDATE account SET last_login_at = $2 WHERE id = $1 AND disabled_at IS NULL';

const OWNER = 'FROM account WHERE account.id = $5';
const BROWSER = 'FROM browser_session WHERE browser_session.id = $6';

/** @param browser SQL that finds the browser session unless it ended */
const buildClaimOfCode = (browser: string) => `
  UPDATE authorization_code SET used_at = $2, family_id = $3 WHERE ${IS_UNUSED} AND EXISTS (${browser})
  RETURNING (SELECT email ${OWNER}) AS "email", (SELECT account.claims ${OWNER}) AS "claims",
    (SELECT pairwise_seed ${OWNER}) AS "pairwiseSeed",
    (SELECT user_agent ${BROWSER}) AS "userAgent", (SELECT origin ${BROWSER}) AS "origin",
    (SELECT count(*) FROM refresh_token_family
      WHERE refresh_token_family.account_id = $5 AND ended_at IS NULL) AS "unrevoked"`;

/** SQLite has one writer, so a condition is enough. */
const CLAIM_ON_SQLITE = buildClaimOfCode(`SELECT 1 ${BROWSER} AND ended_at IS NULL`);

/**
 * Locks the browser session before the code. A concurrent revocation either committed before, so nothing is claimed, or waits here
 * and then revokes the new session. `COALESCE` makes PostgreSQL use the primary key, also before the first ANALYZE of a new
 * database: otherwise it would read all active sessions by their partial index.
 */
const CLAIM_ON_POSTGRES = `
  WITH browser AS (
    SELECT id FROM browser_session WHERE id = $6 AND COALESCE(ended_at, 0) = 0 FOR NO KEY UPDATE
  ) ${buildClaimOfCode('SELECT 1 FROM browser')}`;

/** The row that the session of the browser gives to the family. */
const CLAIM_AT_ONCE = `
  UPDATE authorization_code SET used_at = $2, family_id = $3
  FROM (SELECT user_agent, origin ${BROWSER} AND COALESCE(ended_at, 0) = 0 FOR NO KEY UPDATE NOWAIT) AS browser
  WHERE ${IS_UNUSED} AND EXISTS (SELECT 1 ${OWNER} AND account.disabled_at IS NULL)
    AND (SELECT count(*) FROM refresh_token_family
      WHERE refresh_token_family.account_id = $5 AND ended_at IS NULL) < $7
  RETURNING browser.user_agent, browser.origin`;

const RECORD_LOGIN = `
  UPDATE account SET last_login_at = $2 FROM claimed WHERE account.id = $1
  RETURNING email, account.claims, pairwise_seed AS "pairwiseSeed"`;

/** The condition on `expires_at` lets the database use its index: few codes have not expired. */
const DELETE_UNUSED = `
  DELETE FROM authorization_code
  WHERE account_id = $1 AND client_id = $2 AND used_at IS NULL AND expires_at > $3`;

/** A code stays as long as the last access token that descends from it, so that a second use is detected. */
const EXPIRED_CODES = {
  table: 'authorization_code',
  key: 'code_hash',
  condition: 'expires_at < $1',
  orderedBy: 'expires_at',
  retentionSeconds: 3600,
};
