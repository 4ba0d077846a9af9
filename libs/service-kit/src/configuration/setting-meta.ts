import { z } from 'zod';

declare module 'zod' {
  interface GlobalMeta {
    /** The value never appears in a message, a log or a generated document. */
    secret?: boolean;
    /** With NODE_ENV=production the setting must be given: its default is for development only. */
    requiredInProduction?: boolean;
    /** The value keys a cipher or a MAC: with NODE_ENV=production a guessable one is refused. */
    keyMaterial?: boolean;
    /** With NODE_ENV=production an http URL is refused. */
    httpsInProduction?: boolean;
    /** With NODE_ENV=production the flag must be false; the text says why. */
    offInProduction?: string;
    /** What the generated documents call the type of this setting. */
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

/** All that its schema says about a setting, whichever of its wrappers (`default`, `optional`, `pipe`) it was written on. */
export function readSettingMeta(schema: z.core.$ZodType): SettingMeta {
  const meta = settingMetaSchema.parse(toSettingJsonSchema(schema, 'output'));
  // A prefault is the text of a default: it is on the side of the input.
  return {
    ...meta,
    default: meta.default ?? settingMetaSchema.parse(toSettingJsonSchema(schema, 'input')).default,
  };
}

function toSettingJsonSchema(schema: z.core.$ZodType, io: 'input' | 'output') {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', override: removeSafeIntegerBounds });
}

/** JSON Schema has bounds of its own making for unbounded integers: those say nothing. */
function removeSafeIntegerBounds({
  jsonSchema,
}: {
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}
