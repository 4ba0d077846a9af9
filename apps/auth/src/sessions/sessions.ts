import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Repository } from 'typeorm';
import { Logouts } from '../browser-sessions/logouts.js';
import { FamilyLife } from '../refresh-tokens/family-life.js';
import {
  type EndReason,
  RefreshTokenFamily,
  sessionIdOf,
} from '../refresh-tokens/refresh-token-family.entity.js';

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
export type SessionsOf =
  { readonly accountId: string; readonly except?: string } | { readonly clientId: string };

@Injectable()
export class Sessions {
  constructor(
    @InjectRepository(RefreshTokenFamily)
    private readonly families: Repository<RefreshTokenFamily>,
    private readonly life: FamilyLife,
    private readonly logouts: Logouts,
    private readonly clock: Clock,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Those that are alive, newest first. */
  async of(accountId: string): Promise<readonly SessionView[]> {
    return (await this.living(accountId)).map(viewOf);
  }

  /**
   * Asked for every call that a session makes about itself, and for every introspection, so as plain SQL: what ended is refused
   * here at once.
   */
  async isAlive(accountId: string, sessionId: string): Promise<boolean> {
    const living = await this.unitOfWork.query<{ id: string }>(LIVING, [
      accountId,
      this.clock.now(),
    ]);
    return living.some(({ id }) => sessionIdOf(id) === sessionId);
  }

  /**
   * A session's id does not lead to its family; there are few in an account.
   * @returns the family behind a session that is alive
   */
  async find(accountId: string, sessionId: string): Promise<RefreshTokenFamily | undefined> {
    const families = await this.living(accountId);
    return families.find(({ session }) => session.id === sessionId);
  }

  /**
   * With the browser that it began in, which could get another one without a password.
   * @returns whether it did: a session that is not of this account is not there
   */
  async end(accountId: string, sessionId: string, reason: EndReason): Promise<boolean> {
    const family = await this.find(accountId, sessionId);
    return family ? (await this.logouts.ofSession(family, reason)) > 0 : false;
  }

  /**
   * Joins a surrounding transaction.
   * @returns how many
   */
  endAll(of: SessionsOf, reason: EndReason): Promise<number> {
    if ('clientId' in of) return this.life.end(of, reason);
    const kept = of.except === undefined ? undefined : { session: of.except };
    return this.logouts.ofAccount(of.accountId, reason, kept);
  }

  private async living(accountId: string): Promise<readonly RefreshTokenFamily[]> {
    const families = await this.families.find({
      where: { accountId, endedAt: IsNull() },
      order: { createdAt: 'DESC', id: 'ASC' },
    });
    return families.filter((family) => family.isLivingAt(this.clock.now()));
  }
}

const LIVING = `
  SELECT id FROM refresh_token_family
  WHERE account_id = $1 AND ended_at IS NULL AND idle_expires_at > $2 AND absolute_expires_at > $2`;

const viewOf = (family: RefreshTokenFamily): SessionView => ({
  id: family.session.id,
  clientId: family.clientId,
  browserSessionId: family.browserSessionId,
  userAgent: family.userAgent,
  origin: family.origin,
  createdAt: family.createdAt,
  lastUsedAt: family.rotatedAt,
  endsAt: family.endsAt,
});
