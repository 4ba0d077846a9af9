import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';

/** As much of a client as a family has to know. */
export interface FamilyClient {
  readonly id: string;
  /** Seconds; the server's default where null. */
  readonly refreshIdleTtl: number | null;
  /** Seconds; the server's default where null. */
  readonly refreshAbsoluteTtl: number | null;
}

/** How long logins last, and how many there may be. Every instant and length is in milliseconds. */
@Injectable()
export class FamilyLimits {
  /** Length of the window in which the predecessor is good; 0 where there is none. */
  readonly grace: number;
  /** Logins that an account may have at once. */
  readonly perAccount: number;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.grace = config.REFRESH_GRACE_SECONDS * 1000;
    this.perAccount = config.SESSIONS_PER_ACCOUNT;
  }

  now(): number {
    return this.clock.now();
  }

  /** When a login ends that is used at `now` and not again. */
  idleEnd({ refreshIdleTtl }: FamilyClient, now: number): number {
    return now + (refreshIdleTtl ?? this.config.REFRESH_IDLE_TTL) * 1000;
  }

  /** When a login ends that begins at `now`, however it is used. */
  absoluteEnd({ refreshAbsoluteTtl }: FamilyClient, now: number): number {
    return now + (refreshAbsoluteTtl ?? this.config.REFRESH_ABSOLUTE_TTL) * 1000;
  }
}
