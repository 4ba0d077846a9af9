import { z } from 'zod';
import { type SettingMeta, settingMeta } from './setting-meta.js';

/** A setting as the documents show it. */
export interface SettingRow {
  readonly name: string;
  readonly type: string;
  /** As it would be written in the environment; undefined when there is none. */
  readonly default: string | undefined;
  readonly required: 'yes' | 'in production' | 'no';
  readonly secret: boolean;
  readonly description: string;
}

/** The rows of docs/configuration.md and .env.example, in the schema's order. */
export function describeSettings(schema: z.ZodObject): SettingRow[] {
  return Object.entries(schema.shape).map(([name, setting]) => {
    const meta = settingMeta(setting);
    return {
      name,
      type: typeOf(meta),
      default: defaultOf(meta),
      required: requirementOf(setting, meta),
      secret: meta.secret,
      description: meta.description,
    };
  });
}

function typeOf({ type, format, enum: choices, minimum, maximum }: SettingMeta): string {
  if (choices) return choices.join(' | ');
  const range = minimum === undefined || maximum === undefined ? '' : `, ${minimum} to ${maximum}`;
  return `${format ?? (type === 'integer' ? 'whole number' : type)}${range}`;
}

function defaultOf({ default: value, secret }: SettingMeta): string | undefined {
  if (value === undefined || secret) return undefined;
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function requirementOf(setting: z.core.$ZodType, meta: SettingMeta): SettingRow['required'] {
  if (meta.requiredInProduction) return 'in production';
  return z.safeParse(setting, undefined).success ? 'no' : 'yes';
}
