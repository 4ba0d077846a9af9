import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import type { BrowserSession } from './browser-session.entity.js';
import {
  BrowserSessionRepository,
  type RevokedBrowserSession,
} from './browser-session.repository.js';
import type { RevocationReason } from '../platform/security-events/security-event.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';
import { BrowserSessionLimits } from './session-limits.js';

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

  /** Joins the transaction that creates or renews the session. */
  recordCreation(type: 'begun' | 'renewed', { id, accountId }: BrowserSession): Promise<void> {
    return this.events.record({ type: `browser_session.${type}`, accountId, sessionId: id });
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

  /** Revokes the oldest sessions of an account that has more than its limit. The newest session stays. */
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
