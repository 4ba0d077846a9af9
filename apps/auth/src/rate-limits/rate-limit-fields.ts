import type { Standing } from './rate-limits.js';
import { TooManyRequests } from './too-many-requests.js';

/** An answer in the making, whichever it will be. */
interface Reply {
  headers(fields: Record<string, string>): unknown;
}

/**
 * Tells in the fields of draft-ietf-httpapi-ratelimit-headers-10 what may be done and what is left of it.
 * @throws {TooManyRequests} where nothing is left
 */
export function tellStanding(reply: Reply, standing: Standing | undefined): void {
  if (!standing) return;
  const { name, quota, remaining, resetsIn } = standing;
  reply.headers({
    'RateLimit-Policy': `"${name}";q=${quota.points};w=${quota.seconds}`,
    RateLimit: `"${name}";r=${remaining};t=${Math.ceil(resetsIn / 1000)}`,
  });
  if (standing.isOver) throw new TooManyRequests(resetsIn);
}
