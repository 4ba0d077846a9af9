import type { DataSource } from 'typeorm';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { LimitName, Quota } from '../auth.config.js';

/** The consumed part of a quota. */
export interface Usage {
  readonly isOver: boolean;
  readonly remaining: number;
  /** Milliseconds until the full quota is available again. */
  readonly resetsIn: number;
}

/**
 * One quota per key. Each process counts locally until a tenth of the quota is consumed; from there on the processes on one
 * PostgreSQL database count together. So rare requests cost no query, frequent requests are counted across all replicas, and a
 * process that cannot reach the database goes on counting.
 */
export class SharedRateLimiter {
  private readonly local: RateLimiterMemory;
  private readonly shared: RateLimiterPostgres | undefined;
  private readonly localOnlyPoints: number;

  /** @param shared the PostgreSQL database that the processes share; undefined when there is one process */
  constructor(
    readonly name: LimitName,
    readonly quota: Quota,
    shared: DataSource | undefined,
  ) {
    const options = { keyPrefix: name, points: quota.points, duration: quota.seconds };
    this.localOnlyPoints = Math.floor(quota.points / 10);
    this.local = new RateLimiterMemory(options);
    this.shared = shared && createPostgresLimiter(shared, options);
  }

  /** Counts one request. */
  async consume(key: string): Promise<Usage> {
    const local = await toResult(this.local.consume(key));
    const { consumedPoints } = local;
    if (!this.shared || consumedPoints <= this.localOnlyPoints || this.isOver(local)) {
      return this.toUsage(local);
    }
    const unreported = consumedPoints === this.localOnlyPoints + 1 ? consumedPoints : 1;
    const total = await toResult(this.shared.consume(key, unreported)).catch(() => local);
    // Blocks the key locally, so that further requests beyond the quota cost no query.
    if (this.isOver(total)) await this.local.block(key, Math.max(1, total.msBeforeNext / 1000));
    return this.toUsage(total);
  }

  /** The usage that this process knows of. It counts nothing. */
  async peek(key: string): Promise<Usage> {
    const local = await this.local.get(key);
    if (local) return this.toUsage(local);
    return { isOver: false, remaining: this.quota.points, resetsIn: 0 };
  }

  private isOver({ consumedPoints }: RateLimiterRes): boolean {
    return consumedPoints > this.quota.points;
  }

  private toUsage(counted: RateLimiterRes): Usage {
    const { remainingPoints: remaining, msBeforeNext: resetsIn } = counted;
    return { isOver: this.isOver(counted), remaining, resetsIn };
  }
}

interface LimiterOptions {
  readonly keyPrefix: string;
  readonly points: number;
  readonly duration: number;
}

/** Uses the existing pool and the table of our migrations. The clean-up job removes expired rows. */
const createPostgresLimiter = (storeClient: DataSource, options: LimiterOptions) =>
  new RateLimiterPostgres({
    ...options,
    storeClient,
    storeType: 'typeorm',
    tableName: 'rate_limit',
    tableCreated: true,
    clearExpiredByTimeout: false,
  });

/** The library throws the result when the quota is exceeded. Here it is a normal result. */
async function toResult(counting: Promise<RateLimiterRes>): Promise<RateLimiterRes> {
  try {
    return await counting;
  } catch (error) {
    if (error instanceof RateLimiterRes) return error;
    throw error;
  }
}
