import type { DataSource } from 'typeorm';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { LimitName, Quota } from '../auth.config.js';

/** How much of a quota is spent. */
export interface Usage {
  readonly isOver: boolean;
  readonly remaining: number;
  /** Milliseconds until all of it is there again. */
  readonly resetsIn: number;
}

/**
 * One quota for each key. A process counts for itself until a tenth is spent; from there on the processes on a PostgreSQL
 * count together. So the many who do little cost no query, those who do much are counted as one wherever they knock, and a
 * process that cannot reach the database goes on counting.
 */
export class SharedRateLimiter {
  private readonly local: RateLimiterMemory;
  private readonly shared: RateLimiterPostgres | undefined;
  private readonly localOnlyPoints: number;

  /** @param shared the PostgreSQL on which the processes count together; undefined where there is one process */
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

  /** Counts one more. */
  async consume(key: string): Promise<Usage> {
    const here = await toResult(this.local.consume(key));
    const { consumedPoints } = here;
    if (!this.shared || consumedPoints <= this.localOnlyPoints || this.isOver(here)) {
      return this.toUsage(here);
    }
    const news = consumedPoints === this.localOnlyPoints + 1 ? consumedPoints : 1;
    const all = await toResult(this.shared.consume(key, news)).catch(() => here);
    // What the others spent is remembered: whoever is over costs no further query.
    if (this.isOver(all)) await this.local.block(key, Math.max(1, all.msBeforeNext / 1000));
    return this.toUsage(all);
  }

  /** How it stands, as far as this process knows; counts nothing. */
  async peek(key: string): Promise<Usage> {
    const here = await this.local.get(key);
    if (here) return this.toUsage(here);
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

/** On the pool and in the table that are there: the janitor clears it. */
const createPostgresLimiter = (storeClient: DataSource, options: LimiterOptions) =>
  new RateLimiterPostgres({
    ...options,
    storeClient,
    storeType: 'typeorm',
    tableName: 'rate_limit',
    tableCreated: true,
    clearExpiredByTimeout: false,
  });

/** The library throws what is over; here it is an answer like another. */
async function toResult(counting: Promise<RateLimiterRes>): Promise<RateLimiterRes> {
  try {
    return await counting;
  } catch (error) {
    if (error instanceof RateLimiterRes) return error;
    throw error;
  }
}
