import { Logger } from '@nestjs/common';
import type { Quota } from '@gatehouse/service-kit';

const REPEAT_AFTER_MS = 60_000;
/** Bounds memory and lines: strangers choose the buckets. */
const MAX_BUCKETS = 1_000;
const MAX_BUCKET_LENGTH = 200;

/** Logs a limit that is hit: at most one line a minute for each bucket, and a thousand lines a minute in total. */
export class LimitLog {
  private readonly logger = new Logger('RateLimits');
  /** When the line of a bucket was written, oldest first. */
  private readonly loggedAt = new Map<string, number>();

  /** @param bucket the network or the client that the limit counts for */
  report(name: string, { points, seconds }: Quota, bucket: string): void {
    const now = performance.now();
    for (const [key, at] of this.loggedAt) {
      if (now - at < REPEAT_AFTER_MS) break;
      this.loggedAt.delete(key);
    }
    const key = `${name} ${bucket.slice(0, MAX_BUCKET_LENGTH)}`;
    if (this.loggedAt.has(key) || this.loggedAt.size >= MAX_BUCKETS) return;
    this.loggedAt.set(key, now);
    const limit = `${name}=${points}/${seconds}`;
    const owner = JSON.stringify(bucket.slice(0, MAX_BUCKET_LENGTH));
    this.logger.warn(`The limit ${limit} of RATE_LIMITS is used up for ${owner}.`);
  }
}
