import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Repository } from 'typeorm';
import { BrowserSessionRevocation } from './browser-session.service.js';
import {
  deriveSessionId,
  RefreshTokenFamily,
  type RevocationReason,
} from './refresh-token-family.entity.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/** What stays of an account's sessions: one at a client, by `sid`, or a browser with all that began in it. */
export type KeptSession = { readonly session: string } | { readonly browserSession: string };

/**
 * People are logged out: what they hold at clients ends, and the browsers that could get it again without a password. Each is
 * one transaction, and joins a surrounding one.
 */
@Injectable()
export class SessionRevocation {
  constructor(
    private readonly browserSessionRevocation: BrowserSessionRevocation,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Everywhere, or everywhere else.
   * @returns how many sessions at clients ended that had not expired
   */
  revokeByAccount(
    accountId: string,
    reason: RevocationReason,
    kept?: KeptSession,
  ): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      const except = await this.findKeptBrowserSession(accountId, kept);
      const inBrowsers = await this.browserSessionRevocation.revoke({ accountId, except }, reason);
      return (
        inBrowsers +
        (await this.refreshTokenRevocation.revoke(selectFamiliesExcept(accountId, kept), reason))
      );
    });
  }

  /**
   * A session at a client, and the browser that it began in.
   * @returns how many sessions at clients ended that had not expired
   */
  revokeSession(
    { id: familyId, browserSessionId: id }: Pick<RefreshTokenFamily, 'id' | 'browserSessionId'>,
    reason: RevocationReason,
  ): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      const inBrowser =
        id === null ? 0 : await this.browserSessionRevocation.revoke({ id }, reason);
      return inBrowser + (await this.refreshTokenRevocation.revoke({ familyId }, reason));
    });
  }

  /** A session at a client keeps the browser that it began in. */
  private async findKeptBrowserSession(
    accountId: string,
    kept: KeptSession | undefined,
  ): Promise<string | undefined> {
    if (kept === undefined) return undefined;
    if ('browserSession' in kept) return kept.browserSession;
    const family = await this.refreshTokenRevocation.findBySessionId(accountId, kept.session);
    return family?.browser_session_id ?? undefined;
  }
}

const selectFamiliesExcept = (accountId: string, kept: KeptSession | undefined) =>
  kept !== undefined && 'browserSession' in kept
    ? { accountId, exceptBrowserSession: kept.browserSession }
    : { accountId, exceptSession: kept?.session };

/** A login on one device, as its owner may see it. */
export interface SessionView {
  /** The `sid` of its access tokens. */
  readonly id: string;
  readonly clientId: string;
  /** The browser that it began in. */
  readonly browserSessionId: string | null;
  /** As the device named itself at login. */
  readonly userAgent: string | null;
  /** The network that the login came from: /24 of IPv4, /48 of IPv6. */
  readonly origin: string | null;
  readonly createdAt: Date;
  /** The latest refresh; the login where there was none. */
  readonly lastUsedAt: Date;
  /** If it is not used before. */
  readonly endsAt: Date;
}

/** All of an account, but perhaps one session; or all that a client holds. */
export type SessionSelection =
  { readonly accountId: string; readonly except?: string } | { readonly clientId: string };

@Injectable()
export class SessionService {
  constructor(
    @InjectRepository(RefreshTokenFamily)
    private readonly families: Repository<RefreshTokenFamily>,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly sessionRevocation: SessionRevocation,
    private readonly clock: Clock,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Those that are alive, newest first. */
  async listActive(accountId: string): Promise<readonly SessionView[]> {
    return (await this.findActiveFamilies(accountId)).map(toSessionView);
  }

  /**
   * Asked for every call that a session makes about itself, and for every introspection, so as plain SQL: what ended is refused
   * here at once.
   */
  async isActive(accountId: string, sessionId: string): Promise<boolean> {
    const living = await this.unitOfWork.query<{ id: string }>(SELECT_ACTIVE_FAMILY_IDS, [
      accountId,
      this.clock.now(),
    ]);
    return living.some(({ id }) => deriveSessionId(id) === sessionId);
  }

  /**
   * A session's id does not lead to its family; there are few in an account.
   * @returns the family behind a session that is alive
   */
  async findActiveFamily(
    accountId: string,
    sessionId: string,
  ): Promise<RefreshTokenFamily | undefined> {
    const families = await this.findActiveFamilies(accountId);
    return families.find(({ session }) => session.id === sessionId);
  }

  /**
   * With the browser that it began in, which could get another one without a password.
   * @returns whether it did: a session that is not of this account is not there
   */
  async revoke(accountId: string, sessionId: string, reason: RevocationReason): Promise<boolean> {
    const family = await this.findActiveFamily(accountId, sessionId);
    return family ? (await this.sessionRevocation.revokeSession(family, reason)) > 0 : false;
  }

  /**
   * Joins a surrounding transaction.
   * @returns how many
   */
  revokeAll(of: SessionSelection, reason: RevocationReason): Promise<number> {
    if ('clientId' in of) return this.refreshTokenRevocation.revoke(of, reason);
    const kept = of.except === undefined ? undefined : { session: of.except };
    return this.sessionRevocation.revokeByAccount(of.accountId, reason, kept);
  }

  private async findActiveFamilies(accountId: string): Promise<readonly RefreshTokenFamily[]> {
    const families = await this.families.find({
      where: { accountId, endedAt: IsNull() },
      order: { createdAt: 'DESC', id: 'ASC' },
    });
    return families.filter((family) => family.isActiveAt(this.clock.now()));
  }
}

const SELECT_ACTIVE_FAMILY_IDS = `
  SELECT id FROM refresh_token_family
  WHERE account_id = $1 AND ended_at IS NULL AND idle_expires_at > $2 AND absolute_expires_at > $2`;

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
