import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { NotificationRepository } from '../platform/notifications/notification.repository.js';
import type { RevocationReason } from '../platform/security-events/security-event.js';
import {
  type PreparedEvent,
  SecurityEventService,
} from '../platform/security-events/security-event.service.js';
import { parseStoredClaims, type RequestedClaims } from '../tokens/standard-claims.js';
import { deriveSessionId } from '../tokens/issued-credentials.js';
import { LogoutDeliveryRepository } from './logout-delivery.repository.js';
import {
  type OfflineFamily,
  RefreshTokenFamilyRepository,
  type Revocation,
  type RevokedFamily,
  type SessionLimit,
} from './refresh-token-family.repository.js';

interface RevocationCounts {
  readonly all: number;
  /** Without the families that had expired before. */
  readonly active: number;
}

/** The access that the user granted with a family. */
interface FamilyAccess {
  readonly scope: readonly string[];
  /** The claims that the `claims` parameter named. */
  readonly claims: RequestedClaims;
}

/** What follows from the end of a session, stored in its transaction: the security event, and what the outboxes send. */
@Injectable()
export class RevocationReports {
  constructor(
    private readonly events: SecurityEventService,
    private readonly notifications: NotificationRepository,
    private readonly logouts: LogoutDeliveryRepository,
  ) {}

  async add(family: RevokedFamily, reason: RevocationReason): Promise<void> {
    const { account_id: accountId, client_id: clientId, user_agent: userAgent, origin } = family;
    const sessionId = deriveSessionId(family.id);
    await this.events.record({ type: 'family.ended', reason, accountId, clientId, sessionId });
    if (family.logout_uri !== null) await this.addLogout(family);
    if (reason !== 'reuse') return;
    const detail = { userAgent, origin };
    await this.notifications.enqueue({ accountId, kind: 'refresh_token_reused', detail });
  }

  addLogout({ id, account_id: accountId, client_id: clientId }: OfflineFamily): Promise<void> {
    return this.logouts.enqueue({ accountId, clientId, sessionId: deriveSessionId(id) });
  }
}

/**
 * Revokes families. One statement revokes a family, once, in a transaction with its security event. Each method joins a
 * surrounding transaction, and returns the number of families that were active. It revokes expired families too, because an
 * access token of such a family may still be valid.
 */
@Injectable()
export class RefreshTokenRevocation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly families: RefreshTokenFamilyRepository,
    private readonly clock: Clock,
    private readonly events: SecurityEventService,
    private readonly reports: RevocationReports,
  ) {}

  /** For the transaction that creates the family. */
  prepareCreation(family: {
    accountId: string;
    clientId: string;
    sessionId: string;
  }): PreparedEvent {
    return this.events.prepare({ type: 'family.begun', ...family });
  }

  revokeFamily(id: string, reason: RevocationReason): Promise<number> {
    return this.revoke(reason, (revocation) => this.families.revokeByIds([id], revocation));
  }

  /** Without a surrounding transaction, each batch is a transaction. */
  async revokeAllOfClient(clientId: string, reason: RevocationReason): Promise<number> {
    let active = 0;
    for (;;) {
      const batch = await this.revokeBatch(reason, (revocation) =>
        this.families.revokeBatchOfClient(clientId, revocation),
      );
      if (batch.all === 0) return active;
      active += batch.active;
    }
  }

  revokeAllOfAccount(
    accountId: string,
    reason: RevocationReason,
    exceptFamilyId?: string,
  ): Promise<number> {
    return this.revoke(reason, (revocation) =>
      this.families.revokeByAccount(accountId, exceptFamilyId, revocation),
    );
  }

  revokeOfAccountAtClient(
    accountId: string,
    clientId: string,
    reason: RevocationReason,
  ): Promise<number> {
    return this.revoke(reason, (revocation) =>
      this.families.revokeByAccountAndClient(accountId, clientId, revocation),
    );
  }

  /**
   * Families with `offline_access` stay, because they last while the person is away. Their clients are told, because the person
   * has signed out (OpenID Connect Back-Channel Logout §2.7).
   */
  revokeOfBrowserSession(browserSessionId: string, reason: RevocationReason): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      const active = await this.revoke(reason, (revocation) =>
        this.families.revokeByBrowserSession(browserSessionId, revocation),
      );
      for (const family of await this.families.findOfflineToTell(browserSessionId))
        await this.reports.addLogout(family);
      return active;
    });
  }

  revokeOutsideBrowserSession(
    accountId: string,
    browserSessionId: string,
    reason: RevocationReason,
  ): Promise<number> {
    return this.revoke(reason, (revocation) =>
      this.families.revokeOutsideBrowserSession(accountId, browserSessionId, revocation),
    );
  }

  /** Revokes the families of an account whose grant matches. A caller that holds the lock of the account misses no family. */
  async revokeMatching(
    accountId: string,
    matches: (grant: FamilyAccess) => boolean,
    reason: RevocationReason,
  ): Promise<number> {
    const unrevoked = await this.families.findUnrevokedIds(accountId);
    const ids = unrevoked
      .filter(({ scope, claims }) => {
        const { userinfo, id_token } = parseStoredClaims(claims);
        return matches({ scope: scope.split(' '), claims: { ...userinfo, ...id_token } });
      })
      .map(({ id }) => id);
    if (ids.length === 0) return 0;
    return this.revoke(reason, (revocation) => this.families.revokeByIds(ids, revocation));
  }

  /** Revokes the oldest families, those of the same client first, so that the newest and `limit - 1` others stay. */
  revokeAboveLimit(accountId: string, limit: SessionLimit): Promise<number> {
    return this.revoke('session_limit', (revocation) =>
      this.families.revokeAboveLimit(accountId, limit, revocation),
    );
  }

  private async revoke(
    reason: RevocationReason,
    update: (revocation: Revocation) => Promise<readonly RevokedFamily[]>,
  ): Promise<number> {
    return (await this.revokeBatch(reason, update)).active;
  }

  private revokeBatch(
    reason: RevocationReason,
    update: (revocation: Revocation) => Promise<readonly RevokedFamily[]>,
  ): Promise<RevocationCounts> {
    return this.unitOfWork.transaction(async () => {
      const now = this.clock.now();
      const families = await update({ reason, now });
      for (const family of families) await this.reports.add(family, reason);
      const active = families.filter(({ ends_at }) => ends_at > now);
      return { all: families.length, active: active.length };
    });
  }
}
