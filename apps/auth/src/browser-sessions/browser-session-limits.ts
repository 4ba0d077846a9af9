import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import type { BrowserSession } from './browser-session.entity.js';

/** That a session is used is written down this often at most, in milliseconds. */
const NOTED_EVERY_MS = 60_000;

/** How long browser sessions last, and how many there may be. Every instant and length is in milliseconds. */
@Injectable()
export class BrowserSessionLimits {
  /** Browsers that an account may be logged in with at once. */
  readonly perAccount: number;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.perAccount = config.SESSIONS_PER_ACCOUNT;
  }

  now(): number {
    return this.clock.now();
  }

  /** When a session ends whose person authenticates at `now`, however it is used. */
  absoluteEnd(now: number): number {
    return now + this.config.BROWSER_SESSION_TTL * 1000;
  }

  /** A session that was last used at this time or before has ended. */
  idleSince(now: number): number {
    return now - this.config.BROWSER_SESSION_IDLE_TTL * 1000;
  }

  /** A session that was last used at this time or before is due to be noted. */
  notedBefore(now: number): number {
    return now - NOTED_EVERY_MS;
  }

  isAlive({ endedAt, lastUsedAt, absoluteExpiresAt }: BrowserSession, now: number): boolean {
    const isUsed = lastUsedAt.getTime() > this.idleSince(now);
    return endedAt === null && isUsed && now < absoluteExpiresAt.getTime();
  }
}
