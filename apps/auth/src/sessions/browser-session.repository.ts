import {
  CleanupJob,
  createKeyRangeCleanup,
  type ExpiredRows,
  type RowLookup,
  type SqlStatement,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Repository } from 'typeorm';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { BrowserSession } from './browser-session.entity.js';

export interface RevokedBrowserSession {
  readonly id: string;
  readonly account_id: string;
}

/** All SQL of the table `browser_session`. Instants are milliseconds since the epoch. */
@Injectable()
export class BrowserSessionRepository implements OnModuleInit {
  private readonly bySecretHash: RowLookup<BrowserSession>;

  constructor(
    @InjectRepository(BrowserSession) private readonly repository: Repository<BrowserSession>,
    private readonly unitOfWork: UnitOfWork,
    private readonly cleanup: CleanupJob,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.bySecretHash = unitOfWork.lookup(BrowserSession, OF_ENABLED_ACCOUNT);
  }

  onModuleInit(): void {
    const expired = createExpiredRows(this.config.BROWSER_SESSION_IDLE_TTL);
    this.cleanup.add(createKeyRangeCleanup(this.unitOfWork, expired));
  }

  /** Reads the state of the account in the same query, because every page request makes this read. */
  findOfEnabledAccount(secretHash: string): Promise<BrowserSession | undefined> {
    return this.bySecretHash.find(secretHash);
  }

  /** The latest login first. Expired sessions are included. */
  findUnrevoked(accountId: string): Promise<BrowserSession[]> {
    return this.repository.find({
      where: { accountId, endedAt: IsNull() },
      order: { authenticatedAt: 'DESC', id: 'ASC' },
    });
  }

  /** The read of a {@link ClaimedRow}. Expired sessions are counted. */
  buildCount(accountId: string): SqlStatement {
    return { sql: COUNT_UNREVOKED, parameters: [accountId] };
  }

  buildInsert(session: BrowserSession): SqlStatement {
    return { sql: INSERT, parameters: [session.id, session.accountId, ...toLoginValues(session)] };
  }

  /**
   * Writes a new login to an existing session. The previous secret is the lock: of concurrent logins one renews the session.
   * @returns false if the session has another secret by now, or was revoked
   */
  async renew(session: BrowserSession, previousSecretHash: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE browser_session SET secret_hash = $3, amr = $4, user_agent = $5, origin = $6, authenticated_at = $7,
         last_used_at = $7, absolute_expires_at = $8
       WHERE id = $1 AND secret_hash = $2 AND ended_at IS NULL`,
      [session.id, previousSecretHash, ...toLoginValues(session)],
    );
    return affected > 0;
  }

  /** Of concurrent calls with the same `before`, one writes. */
  async recordUse(id: string, now: number, before: number): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE browser_session SET last_used_at = $2 WHERE id = $1 AND last_used_at <= $3 AND ended_at IS NULL`,
      [id, now, before],
    );
  }

  revokeById(id: string, now: number): Promise<readonly RevokedBrowserSession[]> {
    return this.revoke('id = $2', [id], now);
  }

  revokeByAccount(
    accountId: string,
    exceptId: string | undefined,
    now: number,
  ): Promise<readonly RevokedBrowserSession[]> {
    if (exceptId === undefined) return this.revoke('account_id = $2', [accountId], now);
    return this.revoke('account_id = $2 AND id <> $3', [accountId, exceptId], now);
  }

  revokeAll(now: number): Promise<readonly RevokedBrowserSession[]> {
    return this.revoke('1 = 1', [], now);
  }

  async deleteOfAccount(accountId: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM browser_session WHERE account_id = $1', [accountId]);
  }

  /** Keeps the given session and others that are active, `limit` in all. The latest of other devices stay. */
  revokeAboveLimit(
    { id, accountId, userAgent, origin }: BrowserSession,
    { limit, idleSince }: { readonly limit: number; readonly idleSince: number },
    now: number,
  ): Promise<readonly RevokedBrowserSession[]> {
    const device = [userAgent ?? '', origin ?? ''];
    return this.revoke(ABOVE_LIMIT, [accountId, id, idleSince, now, limit - 1, ...device], now);
  }

  private async revoke(
    condition: string,
    parameters: readonly unknown[],
    now: number,
  ): Promise<readonly RevokedBrowserSession[]> {
    const { rows } = await this.unitOfWork.execute<RevokedBrowserSession>(
      `UPDATE browser_session SET ended_at = $1 WHERE ended_at IS NULL AND ${condition} RETURNING id, account_id`,
      [now, ...parameters],
    );
    return rows;
  }
}

const INSERT = `
  INSERT INTO browser_session (id, account_id, secret_hash, amr, user_agent, origin, authenticated_at, last_used_at,
    created_at, absolute_expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8)`;

const OF_ENABLED_ACCOUNT = {
  column: 'secret_hash',
  condition:
    'EXISTS (SELECT 1 FROM account WHERE account.id = browser_session.account_id AND disabled_at IS NULL)',
};

const COUNT_UNREVOKED =
  'SELECT count(*) AS unrevoked FROM browser_session WHERE account_id = $1 AND ended_at IS NULL';

/** The values that each login writes, in the order of both statements. */
const toLoginValues = (session: BrowserSession): readonly unknown[] => [
  session.secretHash,
  session.amr.join(' '),
  session.userAgent,
  session.origin,
  session.authenticatedAt.getTime(),
  session.absoluteExpiresAt.getTime(),
];

/**
 * The sessions of the same device come last and go first, so that repeated logins on one device do not end the sessions of the
 * others. SQLite has no OFFSET without a LIMIT.
 */
const ABOVE_LIMIT = `id IN (
  SELECT id FROM browser_session
  WHERE account_id = $2 AND id <> $3 AND ended_at IS NULL AND last_used_at > $4 AND absolute_expires_at > $5
  ORDER BY CASE WHEN COALESCE(user_agent, '') = $7 AND COALESCE(origin, '') = $8 THEN 1 ELSE 0 END,
    authenticated_at DESC, id LIMIT 1000000 OFFSET $6)`;

const MIN_RETENTION_SECONDS = 86_400;

/** Revoked and expired sessions. None of these instants has an index, because the rows are few. */
const createExpiredRows = (idleSeconds: number): ExpiredRows => ({
  table: 'browser_session',
  key: 'id',
  condition: '(ended_at < $1 OR absolute_expires_at < $1 OR last_used_at < $1)',
  retentionSeconds: Math.max(idleSeconds, MIN_RETENTION_SECONDS),
});
