import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import type { BrowserSession } from './browser-session.entity.js';

/** As much of a client as a family has to know. */
export interface RefreshTokenClient {
  readonly id: string;
  /** Seconds; the server's default where null. */
  readonly refreshIdleTtl: number | null;
  /** Seconds; the server's default where null. */
  readonly refreshAbsoluteTtl: number | null;
}

/** How long logins last, and how many there may be. Every instant and length is in milliseconds. */
@Injectable()
export class RefreshTokenLimits {
  /** Length of the window in which the predecessor is good; 0 where there is none. */
  readonly graceMs: number;
  /** Logins that an account may have at once. */
  readonly maxPerAccount: number;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.graceMs = config.REFRESH_GRACE_SECONDS * 1000;
    this.maxPerAccount = config.SESSIONS_PER_ACCOUNT;
  }

  now(): number {
    return this.clock.now();
  }

  /** When a login ends that is used at `now` and not again. */
  computeIdleExpiry({ refreshIdleTtl }: RefreshTokenClient, now: number): number {
    return now + (refreshIdleTtl ?? this.config.REFRESH_IDLE_TTL) * 1000;
  }

  /** When a login ends that begins at `now`, however it is used. */
  computeAbsoluteExpiry({ refreshAbsoluteTtl }: RefreshTokenClient, now: number): number {
    return now + (refreshAbsoluteTtl ?? this.config.REFRESH_ABSOLUTE_TTL) * 1000;
  }
}

/** That a session is used is written down this often at most, in milliseconds. */
const USE_RECORDED_EVERY_MS = 60_000;

/** How long browser sessions last, and how many there may be. Every instant and length is in milliseconds. */
@Injectable()
export class BrowserSessionLimits {
  /** Browsers that an account may be logged in with at once. */
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

  /** When a session ends whose person authenticates at `now`, however it is used. */
  computeAbsoluteExpiry(now: number): number {
    return now + this.config.BROWSER_SESSION_TTL * 1000;
  }

  /** A session that was last used at this time or before has ended. */
  computeIdleCutoff(now: number): number {
    return now - this.config.BROWSER_SESSION_IDLE_TTL * 1000;
  }

  /** A session that was last used at this time or before is due to be noted. */
  computeUseRecordingCutoff(now: number): number {
    return now - USE_RECORDED_EVERY_MS;
  }

  isActive({ endedAt, lastUsedAt, absoluteExpiresAt }: BrowserSession, now: number): boolean {
    const isUsed = lastUsedAt.getTime() > this.computeIdleCutoff(now);
    return endedAt === null && isUsed && now < absoluteExpiresAt.getTime();
  }
}
