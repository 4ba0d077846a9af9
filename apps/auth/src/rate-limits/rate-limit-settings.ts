import { z } from 'zod';

/** So many in so many seconds. */
export interface Quota {
  readonly points: number;
  readonly seconds: number;
}

const quota = (points: number, seconds: number): Quota => ({ points, seconds });

/**
 * What is counted, for each network (/24 of IPv4, /48 of IPv6) where nothing else is said. High enough for a large office
 * behind one address.
 */
const DEFAULTS = {
  login: quota(300, 60),
  registration: quota(30, 3600),
  authorization: quota(1200, 60),
  /** Refreshes, codes and revocations of public clients. */
  token: quota(6000, 60),
  /** For each confidential client: the same. */
  client: quota(6000, 60),
  /** For each confidential client. */
  introspection: quota(60_000, 60),
  /** For each client and address: authentications that failed. */
  'failed-client': quota(30, 60),
  'failed-login': quota(100, 600),
  /** For each /16 of IPv4, /32 of IPv6. */
  'failed-login-nearby': quota(1000, 600),
};

export type LimitName = keyof typeof DEFAULTS;
export type RateLimitSettings = Readonly<Record<LimitName, Quota>>;

const isName = (name: string): name is LimitName => Object.hasOwn(DEFAULTS, name);

export const LIMIT_NAMES: readonly LimitName[] = Object.keys(DEFAULTS).filter(isName);

const DEFAULT_TEXT = Object.entries(DEFAULTS)
  .map(([name, { points, seconds }]) => `${name}=${points}/${seconds}`)
  .join(' ');

const ENTRY = /^([a-z-]+)=([1-9]\d{0,6})\/([1-9]\d{0,4})$/;
const OFF = /^(off|false|no|0)$/i;

/** A setting: `login=300/60 token=6000/60 …`, and what is not named keeps its default; or `off`, which is undefined. */
export const rateLimitsSetting = () =>
  z
    .string()
    .transform((text, context): RateLimitSettings | undefined => {
      if (OFF.test(text.trim())) return undefined;
      const quotas: Record<LimitName, Quota> = { ...DEFAULTS };
      for (const entry of text.split(/[\s,]+/).filter(Boolean)) {
        const [, name = '', points, seconds] = ENTRY.exec(entry) ?? [];
        if (isName(name)) quotas[name] = quota(Number(points), Number(seconds));
        else context.addIssue(`must be "off", or "name=number/seconds …"; "${entry}" is not right`);
      }
      return quotas;
    })
    .prefault(DEFAULT_TEXT);
