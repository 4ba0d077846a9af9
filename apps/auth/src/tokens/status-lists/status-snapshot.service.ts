import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { MAX_TOKEN_LIFETIME_SECONDS } from '../keys/key-rotation-periods.js';
import { StatusListRepository } from './status-list.repository.js';
import { StatusSnapshot } from './status-list.js';

/** Maximum age of the published status, in milliseconds. */
const MIN_READ_INTERVAL_MS = 1000;
/** Reading a million rows takes about a second. If that many sessions ended within the hour, they are read every ten seconds. */
const ROWS_PER_MS = 100;

/** A request that runs when its session ends may still issue a token, for this many milliseconds. */
const IN_FLIGHT_MS = 60_000;

/**
 * How long the list marks a session as revoked after its end, in milliseconds. Later every access token of the session has
 * expired, and the status of an expired token does not matter (draft-ietf-oauth-status-list §7.1). So a list costs as much as the
 * sessions that ended within about an hour, and not as much as all sessions.
 */
export const computePublicationPeriod = ({ CLOCK_SKEW }: Pick<AuthConfig, 'CLOCK_SKEW'>): number =>
  (MAX_TOKEN_LIFETIME_SECONDS + 2 * CLOCK_SKEW) * 1000 + IN_FLIGHT_MS;

/** Finds the status list indexes that were revoked after `since`, in milliseconds since the epoch. */
export type RevokedIndexSource = (since: number) => Promise<readonly number[]>;

/**
 * Reads the revoked sessions on demand, at most once a second. It reads less often when more than a hundred thousand sessions
 * ended within the hour, so that reading takes at most a tenth of the time.
 */
@Injectable()
export class StatusSnapshotService {
  private readonly sources: RevokedIndexSource[] = [];
  private latest: StatusSnapshot | undefined;
  private readAt = 0;
  private readIntervalMs = MIN_READ_INTERVAL_MS;
  private pendingRead: Promise<StatusSnapshot> | undefined;

  constructor(
    private readonly repository: StatusListRepository,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Repositories of sessions and clients call this at start. */
  addSource(source: RevokedIndexSource): void {
    this.sources.push(source);
  }

  /** Rejects when the database fails, because an old list might be wrong. */
  async getSnapshot(): Promise<StatusSnapshot> {
    // The absolute value, because an operator may set the clock back.
    const isFresh = Math.abs(this.clock.now() - this.readAt) < this.readIntervalMs;
    if (this.latest && isFresh) return this.latest;
    this.pendingRead ??= this.read().finally(() => {
      this.pendingRead = undefined;
    });
    return this.pendingRead;
  }

  private async read(): Promise<StatusSnapshot> {
    const now = this.clock.now();
    const since = now - computePublicationPeriod(this.config);
    const [lists, ...found] = await Promise.all([
      this.repository.findListIds(),
      ...this.sources.map((findRevoked) => findRevoked(since)),
    ]);
    const revoked = found.flat();
    const snapshot = new StatusSnapshot(lists, revoked);
    this.latest = snapshot;
    this.readAt = now;
    this.readIntervalMs = Math.max(MIN_READ_INTERVAL_MS, revoked.length / ROWS_PER_MS);
    return snapshot;
  }
}
