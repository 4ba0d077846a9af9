import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { LONGEST_TOKEN_SECONDS } from '../keys/key-periods.js';
import { StatusListStore } from './status-list-store.js';
import { Statuses } from './statuses.js';

/** How old what is published may be, in milliseconds. */
const READ_EVERY_MS = 1000;
/** Reading a million rows takes about a second: where that many ended within the hour, it is done every ten seconds. */
const ROWS_A_MS = 100;

/** A token may be issued by a request that was under way when its session ended, in milliseconds. */
const UNDER_WAY_MS = 60_000;

/**
 * How long after its end a session is told of, in milliseconds. Later nobody holds an access token of it that has not
 * expired, and to an expired one its status does not matter (draft-ietf-oauth-status-list §7.1). So a list costs what
 * ended within about an hour, however many sessions there are or were; the bit goes back to what an unused place has.
 */
export const toldFor = ({ CLOCK_SKEW }: Pick<AuthConfig, 'CLOCK_SKEW'>): number =>
  (LONGEST_TOKEN_SECONDS + 2 * CLOCK_SKEW) * 1000 + UNDER_WAY_MS;

/**
 * Reads what ended, when somebody asks and at most once a second; less often where more than a hundred thousand ended
 * within the hour, so that reading takes a tenth of the time at most.
 */
@Injectable()
export class StatusReader {
  private latest: Statuses | undefined;
  private readAt = 0;
  private pauseMs = READ_EVERY_MS;
  private reading: Promise<Statuses> | undefined;

  constructor(
    private readonly store: StatusListStore,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Rejects when the database does: a list that may be out of date is not vouched for. */
  async current(): Promise<Statuses> {
    // The clock may be set back.
    const isFresh = Math.abs(this.clock.now() - this.readAt) < this.pauseMs;
    if (this.latest && isFresh) return this.latest;
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(): Promise<Statuses> {
    const now = this.clock.now();
    const [lists, ended] = await Promise.all([
      this.store.lists(),
      this.store.endedSince(now - toldFor(this.config)),
    ]);
    const statuses = new Statuses(lists, ended);
    this.latest = statuses;
    this.readAt = now;
    this.pauseMs = Math.max(READ_EVERY_MS, ended.length / ROWS_A_MS);
    return statuses;
  }
}
