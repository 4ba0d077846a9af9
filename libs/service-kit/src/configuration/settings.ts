import { z } from 'zod';
import { isNetwork, type TrustedProxies } from '../addresses.js';
import { parseUrl } from '../urls.js';

interface Range {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** A whole number between `min` and `max`, both included. */
export function wholeNumber({ min, max, default: fallback }: Range) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce
    .number({ error })
    .int({ error })
    .min(min, { error })
    .max(max, { error })
    .default(fallback);
}

/** A length of time in whole seconds. */
export function durationSeconds(range: Range) {
  return wholeNumber(range).meta({ format: 'seconds' });
}

/** `true` or `false`; also `1`, `0`, `yes`, `no`, `on`, `off`. */
export function flag(fallback: boolean) {
  return z
    .stringbool({ error: 'must be true or false' })
    .default(fallback)
    .meta({ format: 'true or false' });
}

export function oneOf<const Choice extends string>(choices: readonly [Choice, ...Choice[]]) {
  return z.enum(choices, { error: `must be one of ${choices.join(', ')}` });
}

/** An absolute http or https URL, kept as the text that was given. `fetch` refuses a URL with a user or a password. */
export function httpUrl() {
  return z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .refine(hasNoCredentials, 'must have neither user nor password nor fragment')
    .meta({ format: 'URL' });
}

function hasNoCredentials(text: string): boolean {
  const url = parseUrl(text);
  return url !== undefined && url.username + url.password + url.hash === '';
}

/** The entries of a list, separated by commas or white space. Empty entries do not count. */
const splitList = (text: string): string[] => text.split(/[\s,]+/).filter((entry) => entry !== '');

/** Entries separated by commas or white space; at least one. */
export function list(of: z.ZodType<string, string>) {
  return z
    .string()
    .transform(splitList)
    .pipe(z.array(of).min(1, { error: 'must have at least one entry' }))
    .meta({ format: 'list, separated by commas' });
}

/** Key material. With NODE_ENV=production it must have 32 bytes or more and be no placeholder. */
export function secretSetting() {
  return z.string().meta({ secret: true, keyMaterial: true, format: 'secret' });
}

/** Several secrets separated by commas, newest first. Empty entries and blanks around an entry do not count. */
export const splitSecrets = (text: string): string[] =>
  text
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');

const MAX_PROXIES = 32;

/** Which senders of `X-Forwarded-For` count: `true`, `false`, a number of proxies, or a list of networks. */
export function trustedProxies() {
  const error = `must be false, true, a number of proxies from 1 to ${MAX_PROXIES}, or a list of addresses, networks such as 10.0.0.0/8, loopback, linklocal, uniquelocal`;
  return z
    .string()
    .transform((text, context): TrustedProxies => {
      const flag = z.stringbool().safeParse(text);
      if (/^[1-9]\d*$/.test(text) && Number(text) <= MAX_PROXIES) return Number(text);
      if (flag.success && text !== '1') return flag.data;
      const networks = splitList(text);
      if (networks.length > 0 && networks.every(isNetwork)) return networks;
      context.addIssue(error);
      return z.NEVER;
    })
    .prefault('false')
    .meta({ format: 'false, true, number or list' });
}

/** Origins as browsers send them, separated by commas or white space; none by default. */
export function origins() {
  return z
    .string()
    .transform((text, context): string[] =>
      splitList(text).map((entry) => {
        const origin = toOrigin(entry);
        if (origin === undefined) {
          const message = `must be a list of origins such as https://app.example.com or capacitor://localhost, without path and without *; ${JSON.stringify(entry)} is none`;
          context.addIssue({ code: 'custom', message, params: { namesValue: true } });
        }
        return origin ?? entry;
      }),
    )
    .default([])
    .meta({ format: 'list of origins' });
}

/** `tauri://localhost`, `chrome-extension://<id>`. The URL class gives such schemes no origin. */
const APP_ORIGIN = /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[\w.-]+(?::\d{1,5})?$/;

/** Writes an origin as a browser does (RFC 6454 §6.2): lower case, without default port. A slash at the end is left out. */
function toOrigin(text: string): string | undefined {
  const plain = text.replace(/\/$/, '').toLowerCase();
  if (APP_ORIGIN.test(plain)) return plain;
  return /^https?:\/\/[^/?#@*]+$/.test(plain) ? parseUrl(plain)?.origin : undefined;
}

/** The address of a PostgreSQL database. It holds a password, so it is a secret. */
export function postgresUrl() {
  const form = 'postgres://user:password@host:5432/name';
  return urlWithPassword(/^postgres(ql)?$/, `must be ${form}`).meta({
    secret: true,
    format: 'postgres URL',
  });
}

/** A URL with a user and a password, which is a secret. */
export function urlWithPassword(protocol: RegExp, message: string) {
  const error = `${message}; in a password write # as %23, / as %2F, ? as %3F, @ as %40, % as %25`;
  return z.url({ protocol, error }).refine(isDecodable, { error }).meta({ secret: true });
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== '';
  } catch {
    return false;
  }
}

/** `points` requests in `seconds`. */
export interface Quota {
  readonly points: number;
  readonly seconds: number;
}

const QUOTA_ENTRY = /^([a-z-]+)=([1-9]\d{0,6})\/([1-9]\d{0,4})$/;
const QUOTAS_OFF = /^(off|false|no|0)$/i;

/** Quotas by name: `login=300/60 token=6000/60 …`. A name that is not in the text keeps its default; `off` becomes undefined. */
export function quotas<Name extends string>(defaults: Readonly<Record<Name, Quota>>) {
  const isName = (name: string): name is Name => Object.hasOwn(defaults, name);
  const defaultText = Object.entries<Quota>(defaults)
    .map(([name, { points, seconds }]) => `${name}=${points}/${seconds}`)
    .join(' ');
  return z
    .string()
    .transform((text, context): Readonly<Record<Name, Quota>> | undefined => {
      if (QUOTAS_OFF.test(text.trim())) return undefined;
      const values: Record<Name, Quota> = { ...defaults };
      for (const entry of text.split(/[\s,]+/).filter(Boolean)) {
        const [, name = '', points, seconds] = QUOTA_ENTRY.exec(entry) ?? [];
        if (isName(name)) values[name] = { points: Number(points), seconds: Number(seconds) };
        else {
          const message = `must be "off", or "name=number/seconds …"; "${entry}" is neither`;
          context.addIssue({ code: 'custom', message, params: { namesValue: true } });
        }
      }
      return values;
    })
    .prefault(defaultText);
}
