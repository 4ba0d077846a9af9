import type { DataSource } from 'typeorm';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { LimitName, Quota } from './rate-limit-settings.js';

/** How much of a quota is spent. */
export interface Spending {
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
export class Limit {
  private readonly here: RateLimiterMemory;
  private readonly everywhere: RateLimiterPostgres | undefined;
  private readonly alone: number;

  /** @param shared the PostgreSQL on which the processes count together; undefined where there is one process */
  constructor(
    readonly name: LimitName,
    readonly quota: Quota,
    shared: DataSource | undefined,
  ) {
    const options = { keyPrefix: name, points: quota.points, duration: quota.seconds };
    this.alone = Math.floor(quota.points / 10);
    this.here = new RateLimiterMemory(options);
    this.everywhere = shared && countingOn(shared, options);
  }

  /** Counts one more. */
  async spend(key: string): Promise<Spending> {
    const here = await settled(this.here.consume(key));
    const { consumedPoints } = here;
    if (!this.everywhere || consumedPoints <= this.alone || this.isOver(here)) {
      return this.spendingOf(here);
    }
    const news = consumedPoints === this.alone + 1 ? consumedPoints : 1;
    const all = await settled(this.everywhere.consume(key, news)).catch(() => here);
    // What the others spent is remembered: whoever is over costs no further query.
    if (this.isOver(all)) await this.here.block(key, Math.max(1, all.msBeforeNext / 1000));
    return this.spendingOf(all);
  }

  /** How it stands, as far as this process knows; counts nothing. */
  async look(key: string): Promise<Spending> {
    const here = await this.here.get(key);
    if (here) return this.spendingOf(here);
    return { isOver: false, remaining: this.quota.points, resetsIn: 0 };
  }

  private isOver({ consumedPoints }: RateLimiterRes): boolean {
    return consumedPoints > this.quota.points;
  }

  private spendingOf(counted: RateLimiterRes): Spending {
    const { remainingPoints: remaining, msBeforeNext: resetsIn } = counted;
    return { isOver: this.isOver(counted), remaining, resetsIn };
  }
}

interface CountingOptions {
  readonly keyPrefix: string;
  readonly points: number;
  readonly duration: number;
}

/** On the pool and in the table that are there: the janitor clears it. */
const countingOn = (storeClient: DataSource, options: CountingOptions) =>
  new RateLimiterPostgres({
    ...options,
    storeClient,
    storeType: 'typeorm',
    tableName: 'rate_limit',
    tableCreated: true,
    clearExpiredByTimeout: false,
  });

/** The library throws what is over; here it is an answer like another. */
async function settled(counting: Promise<RateLimiterRes>): Promise<RateLimiterRes> {
  try {
    return await counting;
  } catch (error) {
    if (error instanceof RateLimiterRes) return error;
    throw error;
  }
}
