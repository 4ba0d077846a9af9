import { z } from 'zod';

declare module 'zod' {
  interface GlobalMeta {
    /** The value never appears in a message, a log or a generated document. */
    secret?: boolean;
    /** With NODE_ENV=production the setting must be given: its default is for development only. */
    requiredInProduction?: boolean;
    /** The value is the key of a cipher or a MAC: with NODE_ENV=production a guessable value is rejected. */
    keyMaterial?: boolean;
    /** With NODE_ENV=production an http URL is rejected. */
    httpsInProduction?: boolean;
    /** With NODE_ENV=production the flag must be false, and a text must not be given; this says why. */
    offInProduction?: string;
    /** The type of this setting in the generated documents. */
    format?: string;
  }
}

const settingMetaSchema = z.object({
  type: z.string().default('string'),
  format: z.string().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.unknown().optional(),
  description: z.string().default(''),
  secret: z.boolean().default(false),
  requiredInProduction: z.boolean().default(false),
  keyMaterial: z.boolean().default(false),
  httpsInProduction: z.boolean().default(false),
  offInProduction: z.string().optional(),
});

export type SettingMeta = z.output<typeof settingMetaSchema>;

/** Collects the metadata of a setting from all wrappers of its schema (`default`, `optional`, `pipe`). */
export function readSettingMeta(schema: z.core.$ZodType): SettingMeta {
  const meta = settingMetaSchema.parse(toSettingJsonSchema(schema, 'output'));
  // A prefault is a default on the side of the input, so it is a text.
  return {
    ...meta,
    default: meta.default ?? settingMetaSchema.parse(toSettingJsonSchema(schema, 'input')).default,
  };
}

function toSettingJsonSchema(schema: z.core.$ZodType, io: 'input' | 'output') {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', override: removeSafeIntegerBounds });
}

/** zod's JSON Schema gives unbounded integers the bounds of safe integers. These are not rules of the setting. */
function removeSafeIntegerBounds({
  jsonSchema,
}: {
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}
