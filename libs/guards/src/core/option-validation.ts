/** The options contradict the rules of this library. The message says what to set. */
export class GuardsConfigurationError extends Error {
  override readonly name = 'GuardsConfigurationError';

  constructor(readonly faults: readonly string[]) {
    super(['GuardsModule is not configured:', ...faults].join('\n  - '));
  }
}

export interface OptionRange {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** Default and bounds of every numeric option. The end of its name is the unit, unless its declaration states one. */
export const RANGES = {
  clockToleranceSeconds: { default: 5, min: 0, max: 60 },
  maxTokenAgeSeconds: { default: 86_400, min: 1, max: 31_622_400 },
  maxTokenBytes: { default: 8192, min: 256, max: 65_536 },
} as const satisfies Record<string, OptionRange>;

export const KEY_SET_RANGES = {
  cooldownSeconds: { default: 10, min: 1, max: 300 },
  maxStaleSeconds: { default: 3600, min: 0, max: 86_400 },
  timeoutMs: { default: 3000, min: 50, max: 30_000 },
  maxBytes: { default: 524_288, min: 1024, max: 16_777_216 },
} as const satisfies Record<string, OptionRange>;

export const STATUS_LIST_RANGES = {
  maxAgeSeconds: { default: 10, min: 1, max: 3600 },
  maxStaleSeconds: { default: 300, min: 1, max: 86_400 },
  timeoutMs: { default: 3000, min: 50, max: 30_000 },
  maxBytes: { default: 1_048_576, min: 1024, max: 16_777_216 },
} as const satisfies Record<string, OptionRange>;

export const TOKEN_CACHE_RANGES = {
  maxTokens: { default: 10_000, min: 0, max: 1_000_000 },
} as const satisfies Record<string, OptionRange>;

export const DPOP_RANGES = {
  maxProofAgeSeconds: { default: 60, min: 1, max: 600 },
  maxProofs: { default: 500_000, min: 1, max: 10_000_000 },
  nonceLifetimeSeconds: { default: 300, min: 1, max: 3600 },
} as const satisfies Record<string, OptionRange>;

/** Each value as given, or its default. */
export function resolveNumbers<K extends string>(
  ranges: Readonly<Record<K, OptionRange>>,
  given: { readonly [N in NoInfer<K>]?: number | undefined } = {},
): Record<K, number> {
  const chosen = listRangeNames(ranges).map((name) => [name, given[name] ?? ranges[name].default]);
  return Object.fromEntries(chosen);
}

/** One sentence for each value that is out of range. It says what to set. */
export function findRangeFaults<K extends string>(
  prefix: string,
  ranges: Readonly<Record<K, OptionRange>>,
  values: Readonly<Record<NoInfer<K>, number>>,
): string[] {
  return listRangeNames(ranges).flatMap((name) => {
    const { min, max } = ranges[name];
    if (isWithin(values[name], min, max)) return [];
    return [`\`${prefix}${name}\` must be a number from ${min} to ${max}`];
  });
}

/** Object.keys() has the type string[]. */
function listRangeNames<K extends string>(ranges: Readonly<Record<K, OptionRange>>): K[] {
  return Object.keys(ranges) as K[];
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}
