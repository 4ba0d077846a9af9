import { randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Repository } from 'typeorm';
import { type ProvenAccount, claimAccount } from '../refresh-tokens/claim-account.js';
import type { EndReason } from '../refresh-tokens/refresh-token-family.entity.js';
import type { Device } from '../refresh-tokens/refresh-tokens.js';
import { BrowserSessionCookie, newSecret } from './browser-session-cookie.js';
import { BrowserSessionLife } from './browser-session-life.js';
import { BrowserSessionLimits } from './browser-session-limits.js';
import { BrowserSession } from './browser-session.entity.js';

/** A browser session that somebody has just logged in to. */
export interface BegunSession {
  readonly session: BrowserSession;
  /** For the cookie, and only there. */
  readonly secret: string;
}

/** Single sign-on: one login in a browser is good for all clients, until it ends for all of them. */
@Injectable()
export class BrowserSessions {
  constructor(
    @InjectRepository(BrowserSession) private readonly sessions: Repository<BrowserSession>,
    private readonly unitOfWork: UnitOfWork,
    private readonly cookie: BrowserSessionCookie,
    private readonly limits: BrowserSessionLimits,
    private readonly life: BrowserSessionLife,
  ) {}

  /**
   * The session of a browser, which is used by this.
   * @param cookieHeader `Cookie`
   * @returns nothing where it ended, is idle for too long or past its lifetime, or the account is disabled
   */
  async current(cookieHeader: string | undefined): Promise<BrowserSession | undefined> {
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
    if (!session || !this.limits.isAlive(session, now)) return undefined;
    await this.note(session, now);
    return session;
  }

  /** Those of an account that are alive, the latest login first. */
  async of(accountId: string): Promise<readonly BrowserSession[]> {
    const sessions = await this.sessions.find({
      where: { accountId, endedAt: IsNull() },
      order: { authenticatedAt: 'DESC', id: 'ASC' },
    });
    return sessions.filter((session) => this.limits.isAlive(session, this.limits.now()));
  }

  /**
   * Somebody has logged in. The secret is a new one at every login (OWASP ASVS 7.2.4), and the one before is good for
   * nothing: where it was the same person's the session goes on under the new one, where it was another's it ends. Where the
   * account has as many sessions as it may, the oldest ends.
   *
   * @param account as it was when the person proved who they are
   * @returns nothing where the account was disabled, or has another password, since
   */
  begin(
    account: ProvenAccount,
    device: Device,
    previous?: BrowserSession,
  ): Promise<BegunSession | undefined> {
    return this.unitOfWork.transaction(async () => {
      if (!(await claimAccount(this.unitOfWork, account, this.limits.now()))) return undefined;
      if (previous?.accountId === account.id) {
        const renewed = await this.renew(previous, device);
        if (renewed) return renewed;
      } else if (previous) {
        await this.life.end({ id: previous.id }, 'logout');
      }
      return this.insert(this.prepare(account.id, device));
    });
  }

  /** Ends it, and every family that began in it, unless `offline_access` was granted. */
  async end(id: string, reason: EndReason = 'logout'): Promise<void> {
    await this.life.end({ id }, reason);
  }

  private prepare(accountId: string, device: Device, previous?: BrowserSession): BegunSession {
    const now = new Date(this.limits.now());
    const { secret, hash } = newSecret();
    const session: BrowserSession = {
      id: previous?.id ?? randomBytes(16).toString('base64url'),
      secretHash: hash,
      accountId,
      amr: ['pwd'],
      ...device,
      createdAt: previous?.createdAt ?? now,
      authenticatedAt: now,
      lastUsedAt: now,
      absoluteExpiresAt: new Date(this.limits.absoluteEnd(now.getTime())),
      endedAt: null,
    };
    return { session, secret };
  }

  /** Of two logins at once in one browser, one goes on with its session, and the other begins a new one. */
  private async renew(previous: BrowserSession, device: Device): Promise<BegunSession | undefined> {
    const begun = this.prepare(previous.accountId, device, previous);
    const { affected } = await this.unitOfWork.execute(
      `UPDATE browser_session SET secret_hash = $3, amr = $4, user_agent = $5, origin = $6, authenticated_at = $7,
         last_used_at = $7, absolute_expires_at = $8
       WHERE id = $1 AND secret_hash = $2 AND ended_at IS NULL`,
      [previous.id, previous.secretHash, ...valuesOf(begun.session)],
    );
    if (affected === 0) return undefined;
    await this.life.begun('renewed', previous.accountId, previous.id);
    return begun;
  }

  private async insert(begun: BegunSession): Promise<BegunSession> {
    const { id, accountId } = begun.session;
    await this.unitOfWork.execute(
      `INSERT INTO browser_session (id, account_id, secret_hash, amr, user_agent, origin, authenticated_at, last_used_at,
         created_at, absolute_expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8)`,
      [id, accountId, ...valuesOf(begun.session)],
    );
    const { perAccount: limit } = this.limits;
    await this.life.end({ accountId, newest: id, limit }, 'session_limit');
    await this.life.begun('begun', accountId, id);
    return begun;
  }

  /** Once a minute, however often it is used: of many at once, one writes. */
  private async note({ id, lastUsedAt }: BrowserSession, now: number): Promise<void> {
    const before = this.limits.notedBefore(now);
    if (lastUsedAt.getTime() > before) return;
    await this.unitOfWork.execute(
      `UPDATE browser_session SET last_used_at = $2 WHERE id = $1 AND last_used_at <= $3 AND ended_at IS NULL`,
      [id, now, before],
    );
  }
}

const valuesOf = (session: BrowserSession): readonly unknown[] => [
  session.secretHash,
  session.amr.join(' '),
  session.userAgent,
  session.origin,
  session.authenticatedAt.getTime(),
  session.absoluteExpiresAt.getTime(),
];
