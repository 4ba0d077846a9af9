import type { ExpiredRows } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';

/** The properties of a client that decide how long its sessions last. */
export interface RefreshTokenClient {
  readonly id: string;
  /** Seconds; null means the server's default. */
  readonly refreshIdleTtl: number | null;
  /** Seconds; null means the server's default. */
  readonly refreshAbsoluteTtl: number | null;
}

/** How long refresh token families last, and how many an account may have. Instants and durations are in milliseconds. */
@Injectable()
export class RefreshTokenLimits {
  /** Length of the grace window; 0 means that there is none. */
  readonly graceMs: number;
  /** Active families that an account may have. */
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

  /** Measures durations. */
  monotonic(): number {
    return this.clock.monotonic();
  }

  /** When a family expires that is used at `now` and not again. */
  computeIdleExpiry({ refreshIdleTtl }: RefreshTokenClient, now: number): number {
    return now + (refreshIdleTtl ?? this.config.REFRESH_IDLE_TTL) * 1000;
  }

  /** When a family expires that is created at `now`, even if the client uses it. */
  computeAbsoluteExpiry({ refreshAbsoluteTtl }: RefreshTokenClient, now: number): number {
    return now + (refreshAbsoluteTtl ?? this.config.REFRESH_ABSOLUTE_TTL) * 1000;
  }
}

/**
 * Longer than any access token lives, so that a status list reports the end of the session for all of them. A client sees no
 * difference, because its refresh token is rejected with the same error.
 */
const FAMILY_RETENTION_SECONDS = 86_400;

export const REVOKED_FAMILY_ROWS: ExpiredRows & { readonly orderedBy: string } = {
  table: 'refresh_token_family',
  key: 'id',
  condition: 'ended_at < $1',
  orderedBy: 'ended_at',
  retentionSeconds: FAMILY_RETENTION_SECONDS,
};

/** Neither instant has an index, because a rotation must not update an index. */
export const EXPIRED_FAMILY_ROWS: ExpiredRows = {
  table: 'refresh_token_family',
  key: 'id',
  condition: '(idle_expires_at < $1 OR absolute_expires_at < $1)',
  retentionSeconds: FAMILY_RETENTION_SECONDS,
};

/**
 * Milliseconds between the arrival of the statement at the database and the change of the row. Whole seconds, because only a wait
 * for a lock matters.
 */
const WAITED_ON_POSTGRES =
  '(floor(extract(epoch FROM clock_timestamp() - statement_timestamp())) * 1000)::bigint';

/** The condition of the update is the lock: of any number of callers, on all replicas, one makes a given step. */
export const buildRotation = (isPostgres: boolean) => ({
  table: 'refresh_token_family',
  set: `generation = generation + 1, rotated_at = $3 + ${isPostgres ? WAITED_ON_POSTGRES : '0'}, idle_expires_at = $4, dpop_jkt = COALESCE(dpop_jkt, $5)`,
  where: 'id = $1 AND generation = $2 AND ended_at IS NULL',
  types: ['text', 'integer', 'bigint', 'bigint', 'text'],
});
