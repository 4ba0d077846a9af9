import { z } from 'zod';

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

/** An absolute http or https URL, kept as the text that was given. */
export function httpUrl() {
  return z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .meta({ format: 'URL' });
}

/** Entries separated by commas or white space; at least one. */
export function list(of: z.ZodType<string, string>) {
  return z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((entry) => entry !== ''))
    .pipe(z.array(of).min(1, { error: 'must have at least one entry' }))
    .meta({ format: 'list, separated by commas' });
}

/** Key material. With NODE_ENV=production it must have 32 bytes or more and be no placeholder. */
export function secretSetting() {
  return z.string().meta({ secret: true, keyMaterial: true, format: 'secret' });
}

/** The address of a PostgreSQL database. It holds a password, so it is a secret. */
export function postgresUrl() {
  return z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' })
    .meta({ secret: true, format: 'postgres URL' });
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
