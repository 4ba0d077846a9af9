import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@gatehouse/persistence';
import type { AuthenticatedAccount } from '../accounts/account.repository.js';
import { AccountTransactionService } from './account-transaction.service.js';
import { BrowserSessionCookie, generateSessionSecret } from './browser-session-cookie.js';
import type { BrowserSession } from './browser-session.entity.js';
import { BrowserSessionLimits } from './browser-session-limits.js';
import {
  BrowserSessionRepository,
  type RevokedBrowserSession,
} from './browser-session.repository.js';
import type { DeviceInfo } from '../platform/network.js';
import type { RevocationReason } from '../platform/security-events/security-event.js';
import {
  type PreparedEvent,
  SecurityEventService,
} from '../platform/security-events/security-event.service.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/**
 * Revokes browser sessions, with the refresh token families that were created in them and have no `offline_access`. One
 * statement revokes a session, once, in a transaction with its security event. Each method joins a surrounding transaction,
 * and returns the number of active families that it revoked.
 */
@Injectable()
export class BrowserSessionRevocation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: BrowserSessionRepository,
    private readonly limits: BrowserSessionLimits,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly events: SecurityEventService,
  ) {}

  /** For the transaction that creates or renews the session. */
  prepareCreation(type: 'begun' | 'renewed', { id, accountId }: BrowserSession): PreparedEvent {
    return this.events.prepare({ type: `browser_session.${type}`, accountId, sessionId: id });
  }

  revokeSession(id: string, reason: RevocationReason): Promise<number> {
    return this.revoke(reason, (now) => this.sessions.revokeById(id, now));
  }

  revokeAllOfAccount(
    accountId: string,
    reason: RevocationReason,
    exceptId?: string,
  ): Promise<number> {
    return this.revoke(reason, (now) => this.sessions.revokeByAccount(accountId, exceptId, now));
  }

  revokeAll(reason: RevocationReason): Promise<number> {
    return this.revoke(reason, (now) => this.sessions.revokeAll(now));
  }

  /** Revokes sessions of an account that has more than its limit: the oldest of the same device first. The newest stays. */
  revokeAboveLimit(newest: BrowserSession): Promise<number> {
    const { maxPerAccount: limit } = this.limits;
    return this.revoke('session_limit', (now) => {
      const idleSince = this.limits.computeIdleCutoff(now);
      return this.sessions.revokeAboveLimit(newest, { limit, idleSince }, now);
    });
  }

  private revoke(
    reason: RevocationReason,
    update: (now: number) => Promise<readonly RevokedBrowserSession[]>,
  ): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      let active = 0;
      for (const { id, account_id: accountId } of await update(this.limits.now())) {
        active += await this.refreshTokenRevocation.revokeOfBrowserSession(id, reason);
        const event = { reason, accountId, sessionId: id };
        await this.events.record({ type: 'browser_session.ended', ...event });
      }
      return active;
    });
  }
}

/** A browser session after a login. */
export interface CreatedBrowserSession {
  readonly session: BrowserSession;
  /** The value of the cookie. The server does not store it. */
  readonly secret: string;
}

/** Single sign-on: one login in a browser is valid for all clients. */
@Injectable()
export class BrowserSessionService {
  constructor(
    private readonly sessions: BrowserSessionRepository,
    private readonly transactions: AccountTransactionService,
    private readonly cookie: BrowserSessionCookie,
    private readonly limits: BrowserSessionLimits,
    private readonly revocation: BrowserSessionRevocation,
  ) {}

  /**
   * Finds the session of a browser, and records that it was used.
   * @param cookieHeader `Cookie`
   * @returns undefined if the session was revoked or expired, or the account is disabled
   */
  async findCurrent(cookieHeader: string | undefined): Promise<BrowserSession | undefined> {
    const secretHash = this.cookie.read(cookieHeader);
    if (secretHash === undefined) return undefined;
    const session = await this.sessions.findOfEnabledAccount(secretHash);
    const now = this.limits.now();
    if (!session || !this.limits.isActive(session, now)) return undefined;
    await this.recordUse(session, now);
    return session;
  }

  /** The active sessions of an account, the latest login first. */
  async listActive(accountId: string): Promise<readonly BrowserSession[]> {
    const sessions = await this.sessions.findUnrevoked(accountId);
    return sessions.filter((session) => this.limits.isActive(session, this.limits.now()));
  }

  /**
   * Creates a session for a login, or renews the previous one of the same person. Every login gets a new secret (OWASP ASVS
   * 7.2.4), and the previous secret becomes invalid. A previous session of another person ends. If the account has more
   * sessions than its limit, the oldest of the same device ends, or else the oldest.
   *
   * @param account as it was when the person authenticated
   * @param previous the session that the browser had before the login
   * @returns undefined if since then the account was disabled, or its password changed
   */
  async create(
    account: AuthenticatedAccount,
    device: DeviceInfo,
    previous?: BrowserSession,
  ): Promise<CreatedBrowserSession | undefined> {
    const created = previous ? undefined : await this.decide(account, device);
    return created ?? this.createInTransaction(account, device, previous);
  }

  /** The usual login, in one round trip. */
  private async decide(
    account: AuthenticatedAccount,
    device: DeviceInfo,
  ): Promise<CreatedBrowserSession | undefined> {
    const count = this.sessions.buildCount(account.id);
    const created = this.buildSession(account.id, device);
    const event = this.revocation.prepareCreation('begun', created.session);
    const creation = [this.sessions.buildInsert(created.session), event.statement];
    const build = () =>
      this.transactions.decideBelow(this.limits.maxPerAccount, account, { count, creation });
    const { affected } = await this.transactions.decideLogin({ accountId: account.id, build });
    if (affected !== 1) return undefined;
    event.log();
    return created;
  }

  private createInTransaction(
    account: AuthenticatedAccount,
    device: DeviceInfo,
    previous: BrowserSession | undefined,
  ): Promise<CreatedBrowserSession | undefined> {
    const { id: accountId } = account;
    const claim = this.transactions.claimAccount(account, this.sessions.buildCount(accountId));
    const login = { accountId, claim, withCommit: account.attemptRemoval };
    return this.transactions.runLogin(login, async ({ unrevoked }) => {
      if (previous?.accountId === accountId) {
        const renewed = await this.renew(previous, device);
        if (renewed) return renewed;
      } else if (previous) {
        await this.revocation.revokeSession(previous.id, 'logout');
      }
      return this.insert(this.buildSession(accountId, device), unrevoked);
    });
  }

  /** Revokes a session, and the refresh token families that were created in it and have no `offline_access`. */
  async revoke(id: string, reason: RevocationReason = 'logout'): Promise<void> {
    await this.revocation.revokeSession(id, reason);
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

  /** Of concurrent logins in one browser, one renews the session. For the others this returns undefined. */
  private async renew(
    previous: BrowserSession,
    device: DeviceInfo,
  ): Promise<CreatedBrowserSession | undefined> {
    const renewed = this.buildSession(previous.accountId, device, previous);
    if (!(await this.sessions.renew(renewed.session, previous.secretHash))) return undefined;
    const event = this.revocation.prepareCreation('renewed', renewed.session);
    this.transactions.addToCommit([event.statement]);
    event.log();
    return renewed;
  }

  private async insert(
    created: CreatedBrowserSession,
    unrevoked: number,
  ): Promise<CreatedBrowserSession> {
    const event = this.revocation.prepareCreation('begun', created.session);
    this.transactions.addToCommit([this.sessions.buildInsert(created.session), event.statement]);
    if (unrevoked >= this.limits.maxPerAccount)
      await this.revocation.revokeAboveLimit(created.session);
    event.log();
    return created;
  }

  /** Writes at most once a minute, so that most requests only read. */
  private async recordUse({ id, lastUsedAt }: BrowserSession, now: number): Promise<void> {
    const before = this.limits.computeUseRecordingCutoff(now);
    if (lastUsedAt.getTime() > before) return;
    await this.sessions.recordUse(id, now, before);
  }
}
