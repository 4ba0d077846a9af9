import type { DataSource } from 'typeorm';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Quota } from '@gatehouse/service-kit';

/** The consumed part of a quota. */
export interface Usage {
  readonly isOver: boolean;
  readonly remaining: number;
  /** Milliseconds until the full quota is available again. */
  readonly resetsIn: number;
}

/** The requests of one key in its current window. */
interface Window {
  /** Counted by this process. */
  own: number;
  /** The part of `own` that the shared table contains. */
  reported: number;
  /** Counted by other processes until the last report. */
  others: number;
  /** In monotonic milliseconds. */
  endsAt: number;
  report: Promise<void> | undefined;
}

const countUnreported = ({ own, reported }: Window): number => own - reported;

/**
 * One quota per key. Each process counts locally, and reports to a table that the processes on one PostgreSQL database share. At
 * most a tenth of the quota is unreported: a process reports when half of that is reached, and requests beyond it wait for the
 * report. So frequent requests share a query, N processes exceed a quota by at most N tenths, and a process that cannot reach the
 * database goes on counting. Our own code beside rate-limiter-flexible, whose counters need a query for each request.
 */
export class SharedRateLimiter {
  private readonly windows = new Map<string, Window>();
  private removesExpiredAt = 0;
  private readonly shared: RateLimiterPostgres | undefined;
  private readonly maxUnreported: number;

  /** @param shared the PostgreSQL database that the processes share; undefined when there is one process */
  constructor(
    readonly name: string,
    readonly quota: Quota,
    shared: DataSource | undefined,
  ) {
    this.maxUnreported = Math.floor(quota.points / 10);
    this.shared = shared && createPostgresLimiter(shared, name, quota);
  }

  /** Counts one request. */
  async consume(key: string): Promise<Usage> {
    const window = this.openWindow(key);
    window.own += 1;
    const position = window.own;
    if (this.shared && !this.isOver(window, position)) await this.share(key, window);
    return this.toUsage(window, position);
  }

  /** The usage that this process knows of. It counts nothing. */
  peek(key: string): Usage {
    const window = this.findWindow(key);
    if (window) return this.toUsage(window, window.own);
    return { isOver: false, remaining: this.quota.points, resetsIn: 0 };
  }

  /** Reports in the background, unless too much is unreported. */
  private async share(key: string, window: Window): Promise<void> {
    if (countUnreported(window) * 2 <= this.maxUnreported) return;
    const report = this.startReport(key, window);
    if (countUnreported(window) <= this.maxUnreported) return;
    await report;
    // The report may have begun before this request was counted.
    if (countUnreported(window) > this.maxUnreported) await this.startReport(key, window);
  }

  private startReport(key: string, window: Window): Promise<void> {
    window.report ??= this.sendReport(key, window).finally(() => {
      window.report = undefined;
    });
    return window.report;
  }

  private async sendReport(key: string, window: Window): Promise<void> {
    const points = countUnreported(window);
    const total = await this.consumeShared(key, points);
    if (!total) return;
    // The first report joins the window of the other processes.
    if (window.reported === 0) window.endsAt = performance.now() + total.msBeforeNext;
    window.reported += points;
    window.others = Math.max(0, total.consumedPoints - window.reported);
  }

  /** @returns undefined while the table is unavailable */
  private async consumeShared(key: string, points: number): Promise<RateLimiterRes | undefined> {
    try {
      return await this.shared?.consume(key, points);
    } catch (error) {
      // The library throws the result when the quota is exceeded.
      return error instanceof RateLimiterRes ? error : undefined;
    }
  }

  private openWindow(key: string): Window {
    const found = this.findWindow(key);
    if (found) return found;
    this.removeExpired();
    const endsAt = performance.now() + this.quota.seconds * 1000;
    const window = { own: 0, reported: 0, others: 0, endsAt, report: undefined };
    this.windows.set(key, window);
    return window;
  }

  private findWindow(key: string): Window | undefined {
    const window = this.windows.get(key);
    return window && window.endsAt > performance.now() ? window : undefined;
  }

  /** Once in each period of the quota. */
  private removeExpired(): void {
    const now = performance.now();
    if (now < this.removesExpiredAt) return;
    this.removesExpiredAt = now + this.quota.seconds * 1000;
    for (const [key, { endsAt }] of this.windows) if (endsAt <= now) this.windows.delete(key);
  }

  private isOver({ others }: Window, position: number): boolean {
    return others + position > this.quota.points;
  }

  private toUsage(window: Window, position: number): Usage {
    return {
      isOver: this.isOver(window, position),
      remaining: Math.max(0, this.quota.points - window.others - position),
      resetsIn: Math.max(0, window.endsAt - performance.now()),
    };
  }
}

/** Uses the existing pool and the table of our migrations. The clean-up job removes expired rows. */
const createPostgresLimiter = (storeClient: DataSource, keyPrefix: string, quota: Quota) =>
  new RateLimiterPostgres({
    keyPrefix,
    points: quota.points,
    duration: quota.seconds,
    storeClient,
    storeType: 'typeorm',
    tableName: 'rate_limit',
    tableCreated: true,
    clearExpiredByTimeout: false,
  });
