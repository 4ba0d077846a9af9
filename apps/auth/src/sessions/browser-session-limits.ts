import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import type { BrowserSession } from './browser-session.entity.js';

/** The use of a session is written to the database at most once in this time, in milliseconds. */
const USE_RECORDED_EVERY_MS = 60_000;

/** How long browser sessions last, and how many an account may have. Instants and durations are in milliseconds. */
@Injectable()
export class BrowserSessionLimits {
  /** Active browser sessions that an account may have. */
  readonly maxPerAccount: number;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.maxPerAccount = config.SESSIONS_PER_ACCOUNT;
  }

  now(): number {
    return this.clock.now();
  }

  /** When a session expires whose person authenticates at `now`, even if the browser uses it. */
  computeAbsoluteExpiry(now: number): number {
    return now + this.config.BROWSER_SESSION_TTL * 1000;
  }

  /** A session that was last used at this time or before has expired. */
  computeIdleCutoff(now: number): number {
    return now - this.config.BROWSER_SESSION_IDLE_TTL * 1000;
  }

  /** The use of a session is written if the last written use was at this time or before. */
  computeUseRecordingCutoff(now: number): number {
    return now - USE_RECORDED_EVERY_MS;
  }

  isActive({ endedAt, lastUsedAt, absoluteExpiresAt }: BrowserSession, now: number): boolean {
    const isUsed = lastUsedAt.getTime() > this.computeIdleCutoff(now);
    return endedAt === null && isUsed && now < absoluteExpiresAt.getTime();
  }
}
