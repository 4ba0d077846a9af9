import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { MAX_TOKEN_LIFETIME_SECONDS } from '../keys/key-rotation-periods.js';
import { StatusListRepository } from './status-list.repository.js';
import { StatusSnapshot } from './status-list.js';

/** How old what is published may be, in milliseconds. */
const MIN_READ_INTERVAL_MS = 1000;
/** Reading a million rows takes about a second: where that many ended within the hour, it is done every ten seconds. */
const ROWS_PER_MS = 100;

/** A token may be issued by a request that was under way when its session ended, in milliseconds. */
const IN_FLIGHT_MS = 60_000;

/**
 * How long after its end a session is told of, in milliseconds. Later nobody holds an access token of it that has not
 * expired, and to an expired one its status does not matter (draft-ietf-oauth-status-list §7.1). So a list costs what
 * ended within about an hour, however many sessions there are or were; the bit goes back to what an unused place has.
 */
export const computePublicationPeriod = ({ CLOCK_SKEW }: Pick<AuthConfig, 'CLOCK_SKEW'>): number =>
  (MAX_TOKEN_LIFETIME_SECONDS + 2 * CLOCK_SKEW) * 1000 + IN_FLIGHT_MS;

/**
 * Reads what ended, when somebody asks and at most once a second; less often where more than a hundred thousand ended
 * within the hour, so that reading takes a tenth of the time at most.
 */
@Injectable()
export class StatusSnapshotService {
  private latest: StatusSnapshot | undefined;
  private readAt = 0;
  private readIntervalMs = MIN_READ_INTERVAL_MS;
  private pendingRead: Promise<StatusSnapshot> | undefined;

  constructor(
    private readonly repository: StatusListRepository,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Rejects when the database does: a list that may be out of date is not vouched for. */
  async getSnapshot(): Promise<StatusSnapshot> {
    // The clock may be set back.
    const isFresh = Math.abs(this.clock.now() - this.readAt) < this.readIntervalMs;
    if (this.latest && isFresh) return this.latest;
    this.pendingRead ??= this.read().finally(() => {
      this.pendingRead = undefined;
    });
    return this.pendingRead;
  }

  private async read(): Promise<StatusSnapshot> {
    const now = this.clock.now();
    const [lists, ended] = await Promise.all([
      this.repository.findListIds(),
      this.repository.findRevokedSince(now - computePublicationPeriod(this.config)),
    ]);
    const statuses = new StatusSnapshot(lists, ended);
    this.latest = statuses;
    this.readAt = now;
    this.readIntervalMs = Math.max(MIN_READ_INTERVAL_MS, ended.length / ROWS_PER_MS);
    return statuses;
  }
}
