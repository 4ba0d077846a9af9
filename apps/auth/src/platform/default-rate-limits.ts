import type { Quota } from '@gatehouse/service-kit';

const createQuota = (points: number, seconds: number): Quota => ({ points, seconds });

/**
 * The default limits. A network is a /24 of IPv4 or a /48 of IPv6; the limits suffice for a large office behind one address.
 * docs/guarantees.md says what each counts for.
 */
export const DEFAULT_RATE_LIMITS = {
  login: createQuota(300, 60),
  registration: createQuota(30, 3600),
  recovery: createQuota(30, 3600),
  /** Per e-mail address and kind of mail. A link is valid for at least this time, so the latest mail can be used until the next. */
  mail: createQuota(5, 3600),
  authorization: createQuota(1200, 60),
  token: createQuota(6000, 60),
  client: createQuota(6000, 60),
  introspection: createQuota(60_000, 60),
  'failed-client': createQuota(30, 60),
  'failed-login': createQuota(100, 600),
  /** Per wider network: /16 of IPv4, /32 of IPv6. */
  'failed-login-nearby': createQuota(1000, 600),
};

export type LimitName = keyof typeof DEFAULT_RATE_LIMITS;
