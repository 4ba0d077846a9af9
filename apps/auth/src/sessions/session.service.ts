import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { RevocationReason } from '../platform/security-events/security-event.js';
import { BrowserSessionRevocation } from './browser-session.service.js';
import { deriveSessionId } from '../tokens/issued-credentials.js';
import { RefreshTokenFamily } from './refresh-token-family.entity.js';
import { RefreshTokenFamilyRepository } from './refresh-token-family.repository.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/** A login on one device, as the account's owner sees it. */
export interface SessionView {
  /** The `sid` of its access tokens. */
  readonly id: string;
  readonly clientId: string;
  /** The browser session in which it was created. */
  readonly browserSessionId: string | null;
  /** The `User-Agent` of the login. */
  readonly userAgent: string | null;
  /** The network that the login came from: /24 of IPv4, /48 of IPv6. */
  readonly origin: string | null;
  readonly createdAt: Date;
  /** The latest refresh, or the login if there was none. */
  readonly lastUsedAt: Date;
  /** When it expires unless the client refreshes it before. */
  readonly endsAt: Date;
}

/** A session at a client, by its `sid`, or a browser session with all sessions that were created in it. */
export type KeptSession =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'browser_session'; readonly id: string };

const MAX_FAMILY_IDS = 10_000;

/**
 * Lists and revokes sessions. Revoking a session at a client also revokes the browser session in which it was created, because
 * the browser could get a new session without a password.
 */
@Injectable()
export class SessionService {
  /** By `sid`, oldest first. A `sid` is a hash of the family's id, so an entry is always right, and the row is read by its key. */
  private readonly familyIds = new Map<string, string>();

  constructor(
    private readonly families: RefreshTokenFamilyRepository,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly browserSessionRevocation: BrowserSessionRevocation,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** The newest first. */
  async listActive(accountId: string): Promise<readonly SessionView[]> {
    return (await this.findActiveFamilies(accountId)).map(toSessionView);
  }

  /** Reads the database on each call, so that a revoked session is rejected at once. */
  async isActive(accountId: string, sessionId: string): Promise<boolean> {
    const familyId = this.familyIds.get(sessionId);
    if (familyId === undefined) return this.searchActive(accountId, sessionId);
    const family = await this.families.find(familyId);
    return family?.accountId === accountId && family.isActiveAt(this.clock.now());
  }

  /** Searches the families of the account, which are few, because a session id does not reveal the id of its family. */
  async findActiveFamily(
    accountId: string,
    sessionId: string,
  ): Promise<RefreshTokenFamily | undefined> {
    const families = await this.findActiveFamilies(accountId);
    return families.find(({ session }) => session.id === sessionId);
  }

  /** @returns false if the account has no such active session */
  async revoke(accountId: string, sessionId: string, reason: RevocationReason): Promise<boolean> {
    const family = await this.findActiveFamily(accountId, sessionId);
    return family ? (await this.revokeWithBrowserSession(family, reason)) > 0 : false;
  }

  /**
   * Revokes all sessions and browser sessions of an account. Joins a surrounding transaction.
   * @returns the number of active sessions at clients
   */
  revokeAllOfAccount(
    accountId: string,
    reason: RevocationReason,
    kept?: KeptSession,
  ): Promise<number> {
    return this.unitOfWork.transaction(() => {
      if (kept?.kind === 'session') return this.revokeExceptSession(accountId, kept.id, reason);
      if (kept) return this.revokeExceptBrowserSession(accountId, kept.id, reason);
      return this.revokeEverySession(accountId, reason);
    });
  }

  /**
   * Revokes all sessions that a client holds. Browser sessions stay.
   * @returns the number of active sessions
   */
  revokeAllOfClient(clientId: string, reason: RevocationReason): Promise<number> {
    return this.refreshTokenRevocation.revokeAllOfClient(clientId, reason);
  }

  private async searchActive(accountId: string, sessionId: string): Promise<boolean> {
    const ids = await this.families.findActiveIds(accountId, this.clock.now());
    const familyId = ids.find((id) => deriveSessionId(id) === sessionId);
    if (familyId === undefined) return false;
    this.familyIds.set(sessionId, familyId);
    const [oldest] = this.familyIds.keys();
    if (oldest !== undefined && this.familyIds.size > MAX_FAMILY_IDS) this.familyIds.delete(oldest);
    return true;
  }

  private async revokeEverySession(accountId: string, reason: RevocationReason): Promise<number> {
    const inBrowsers = await this.browserSessionRevocation.revokeAllOfAccount(accountId, reason);
    return inBrowsers + (await this.refreshTokenRevocation.revokeAllOfAccount(accountId, reason));
  }

  /** The browser session in which the kept session was created stays too. */
  private async revokeExceptSession(
    accountId: string,
    sessionId: string,
    reason: RevocationReason,
  ): Promise<number> {
    const unrevoked = await this.families.findUnrevokedIds(accountId);
    const family = unrevoked.find(({ id }) => deriveSessionId(id) === sessionId);
    const browserSessionId = family?.browser_session_id ?? undefined;
    return (
      (await this.browserSessionRevocation.revokeAllOfAccount(
        accountId,
        reason,
        browserSessionId,
      )) + (await this.refreshTokenRevocation.revokeAllOfAccount(accountId, reason, family?.id))
    );
  }

  private async revokeExceptBrowserSession(
    accountId: string,
    id: string,
    reason: RevocationReason,
  ): Promise<number> {
    return (
      (await this.browserSessionRevocation.revokeAllOfAccount(accountId, reason, id)) +
      (await this.refreshTokenRevocation.revokeOutsideBrowserSession(accountId, id, reason))
    );
  }

  private revokeWithBrowserSession(
    { id, browserSessionId }: RefreshTokenFamily,
    reason: RevocationReason,
  ): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      const inBrowser =
        browserSessionId === null
          ? 0
          : await this.browserSessionRevocation.revokeSession(browserSessionId, reason);
      return inBrowser + (await this.refreshTokenRevocation.revokeFamily(id, reason));
    });
  }

  private async findActiveFamilies(accountId: string): Promise<readonly RefreshTokenFamily[]> {
    const families = await this.families.findUnrevoked(accountId);
    return families.filter((family) => family.isActiveAt(this.clock.now()));
  }
}

const toSessionView = (family: RefreshTokenFamily): SessionView => ({
  id: family.session.id,
  clientId: family.clientId,
  browserSessionId: family.browserSessionId,
  userAgent: family.userAgent,
  origin: family.origin,
  createdAt: family.createdAt,
  lastUsedAt: family.rotatedAt,
  endsAt: family.expiresAt,
});
