import { randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Repository } from 'typeorm';
import { type AuthenticatedAccount, lockAccountForLogin } from '../accounts/login-lock.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { BrowserSessionCookie, generateSessionSecret } from './browser-session-cookie.js';
import { BrowserSession } from './browser-session.entity.js';
import type { RevocationReason } from './refresh-token-family.entity.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';
import type { DeviceInfo } from './refresh-token.service.js';
import { BrowserSessionLimits } from './session-limits.js';

/** Which browser sessions end. */
export type BrowserSessionSelection =
  | { readonly id: string }
  | { readonly accountId: string; readonly except?: string | undefined }
  /** All of the account but this one and the newest others, up to `limit` in all. */
  | { readonly accountId: string; readonly newest: string; readonly limit: number }
  | 'all';

interface RevokedBrowserSession {
  readonly id: string;
  readonly account_id: string;
}

interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Browser sessions end by one statement, once, with what began in them, and never without the record of it. */
@Injectable()
export class BrowserSessionRevocation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly limits: BrowserSessionLimits,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly events: SecurityEventService,
  ) {}

  /** Joins the transaction that begins, or renews, it. */
  recordCreation(type: 'begun' | 'renewed', accountId: string, sessionId: string): Promise<void> {
    return this.events.record({ type: `browser_session.${type}`, accountId, sessionId });
  }

  /**
   * Ends them, and every family that began in them unless it is to last while the person is away (`offline_access`). Joins a
   * surrounding transaction. Rows are locked in the order of account, browser sessions, families, here and everywhere.
   *
   * @returns how many sessions at clients ended that had not expired
   */
  revoke(which: BrowserSessionSelection, reason: RevocationReason): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      const now = this.limits.now();
      const { sql, parameters } = this.toCondition(which, now);
      const { rows } = await this.unitOfWork.execute<RevokedBrowserSession>(
        `UPDATE browser_session SET ended_at = $1 WHERE ended_at IS NULL AND ${sql} RETURNING id, account_id`,
        [now, ...parameters],
      );
      let ended = 0;
      for (const { id, account_id: accountId } of rows) {
        ended += await this.refreshTokenRevocation.revoke({ browserSessionId: id }, reason);
        const event = { reason, accountId, sessionId: id };
        await this.events.record({ type: 'browser_session.ended', ...event });
      }
      return ended;
    });
  }

  private toCondition(which: BrowserSessionSelection, now: number): Condition {
    if (which === 'all') return { sql: '1 = 1', parameters: [] };
    if ('id' in which) return { sql: 'id = $2', parameters: [which.id] };
    const { accountId } = which;
    if ('newest' in which) {
      const { newest, limit } = which;
      const idleSince = this.limits.computeIdleCutoff(now);
      return {
        sql: ABOVE_BROWSER_SESSION_LIMIT,
        parameters: [accountId, newest, idleSince, now, limit - 1],
      };
    }
    if (which.except === undefined) return { sql: 'account_id = $2', parameters: [accountId] };
    return { sql: 'account_id = $2 AND id <> $3', parameters: [accountId, which.except] };
  }
}

/** SQLite has no OFFSET without a LIMIT. */
const ABOVE_BROWSER_SESSION_LIMIT = `id IN (
  SELECT id FROM browser_session
  WHERE account_id = $2 AND id <> $3 AND ended_at IS NULL AND last_used_at > $4 AND absolute_expires_at > $5
  ORDER BY authenticated_at DESC, id LIMIT 1000000 OFFSET $6)`;

/** A browser session that somebody has just logged in to. */
export interface CreatedBrowserSession {
  readonly session: BrowserSession;
  /** For the cookie, and only there. */
  readonly secret: string;
}

/** Single sign-on: one login in a browser is good for all clients, until it ends for all of them. */
@Injectable()
export class BrowserSessionService {
  constructor(
    @InjectRepository(BrowserSession) private readonly sessions: Repository<BrowserSession>,
    private readonly unitOfWork: UnitOfWork,
    private readonly cookie: BrowserSessionCookie,
    private readonly limits: BrowserSessionLimits,
    private readonly revocation: BrowserSessionRevocation,
  ) {}

  /**
   * The session of a browser, which is used by this.
   * @param cookieHeader `Cookie`
   * @returns nothing where it ended, is idle for too long or past its lifetime, or the account is disabled
   */
  async findCurrent(cookieHeader: string | undefined): Promise<BrowserSession | undefined> {
    const secretHash = this.cookie.read(cookieHeader);
    if (secretHash === undefined) return undefined;
    const session = await this.sessions
      .createQueryBuilder('session')
      .where('session.secretHash = :secretHash', { secretHash })
      .andWhere(
        'EXISTS (SELECT 1 FROM account WHERE id = session.accountId AND disabled_at IS NULL)',
      )
      .getOne();
    const now = this.limits.now();
    if (!session || !this.limits.isActive(session, now)) return undefined;
    await this.recordUse(session, now);
    return session;
  }

  /** Those of an account that are alive, the latest login first. */
  async listActive(accountId: string): Promise<readonly BrowserSession[]> {
    const sessions = await this.sessions.find({
      where: { accountId, endedAt: IsNull() },
      order: { authenticatedAt: 'DESC', id: 'ASC' },
    });
    return sessions.filter((session) => this.limits.isActive(session, this.limits.now()));
  }

  /**
   * Somebody has logged in. The secret is a new one at every login (OWASP ASVS 7.2.4), and the one before is good for
   * nothing: where it was the same person's the session goes on under the new one, where it was another's it ends. Where the
   * account has as many sessions as it may, the oldest ends.
   *
   * @param account as it was when the person proved who they are
   * @returns nothing where the account was disabled, or has another password, since
   */
  create(
    account: AuthenticatedAccount,
    device: DeviceInfo,
    previous?: BrowserSession,
  ): Promise<CreatedBrowserSession | undefined> {
    return this.unitOfWork.transaction(async () => {
      if (!(await lockAccountForLogin(this.unitOfWork, account, this.limits.now())))
        return undefined;
      if (previous?.accountId === account.id) {
        const renewed = await this.renew(previous, device);
        if (renewed) return renewed;
      } else if (previous) {
        await this.revocation.revoke({ id: previous.id }, 'logout');
      }
      return this.insert(this.buildSession(account.id, device));
    });
  }

  /** Ends it, and every family that began in it, unless `offline_access` was granted. */
  async revoke(id: string, reason: RevocationReason = 'logout'): Promise<void> {
    await this.revocation.revoke({ id }, reason);
  }

  private buildSession(
    accountId: string,
    device: DeviceInfo,
    previous?: BrowserSession,
  ): CreatedBrowserSession {
    const now = new Date(this.limits.now());
    const { secret, hash } = generateSessionSecret();
    const session: BrowserSession = {
      id: previous?.id ?? randomBytes(16).toString('base64url'),
      secretHash: hash,
      accountId,
      amr: ['pwd'],
      ...device,
      createdAt: previous?.createdAt ?? now,
      authenticatedAt: now,
      lastUsedAt: now,
      absoluteExpiresAt: new Date(this.limits.computeAbsoluteExpiry(now.getTime())),
      endedAt: null,
    };
    return { session, secret };
  }

  /** Of two logins at once in one browser, one goes on with its session, and the other begins a new one. */
  private async renew(
    previous: BrowserSession,
    device: DeviceInfo,
  ): Promise<CreatedBrowserSession | undefined> {
    const begun = this.buildSession(previous.accountId, device, previous);
    const { affected } = await this.unitOfWork.execute(
      `UPDATE browser_session SET secret_hash = $3, amr = $4, user_agent = $5, origin = $6, authenticated_at = $7,
         last_used_at = $7, absolute_expires_at = $8
       WHERE id = $1 AND secret_hash = $2 AND ended_at IS NULL`,
      [previous.id, previous.secretHash, ...toColumnValues(begun.session)],
    );
    if (affected === 0) return undefined;
    await this.revocation.recordCreation('renewed', previous.accountId, previous.id);
    return begun;
  }

  private async insert(begun: CreatedBrowserSession): Promise<CreatedBrowserSession> {
    const { id, accountId } = begun.session;
    await this.unitOfWork.execute(
      `INSERT INTO browser_session (id, account_id, secret_hash, amr, user_agent, origin, authenticated_at, last_used_at,
         created_at, absolute_expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8)`,
      [id, accountId, ...toColumnValues(begun.session)],
    );
    const { maxPerAccount: limit } = this.limits;
    await this.revocation.revoke({ accountId, newest: id, limit }, 'session_limit');
    await this.revocation.recordCreation('begun', accountId, id);
    return begun;
  }

  /** Once a minute, however often it is used: of many at once, one writes. */
  private async recordUse({ id, lastUsedAt }: BrowserSession, now: number): Promise<void> {
    const before = this.limits.computeUseRecordingCutoff(now);
    if (lastUsedAt.getTime() > before) return;
    await this.unitOfWork.execute(
      `UPDATE browser_session SET last_used_at = $2 WHERE id = $1 AND last_used_at <= $3 AND ended_at IS NULL`,
      [id, now, before],
    );
  }
}

const toColumnValues = (session: BrowserSession): readonly unknown[] => [
  session.secretHash,
  session.amr.join(' '),
  session.userAgent,
  session.origin,
  session.authenticatedAt.getTime(),
  session.absoluteExpiresAt.getTime(),
];
