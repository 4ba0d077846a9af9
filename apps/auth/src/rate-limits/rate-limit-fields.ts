import type { Standing } from './rate-limits.js';

/** The fields of draft-ietf-httpapi-ratelimit-headers-10: what may be done, and what is left of it. */
export const rateLimitFields = ({ name, quota, remaining, resetsIn }: Standing) => ({
  'RateLimit-Policy': `"${name}";q=${quota.points};w=${quota.seconds}`,
  RateLimit: `"${name}";r=${remaining};t=${Math.ceil(resetsIn / 1000)}`,
});
