export interface OptionRange {
  readonly usual: number;
  readonly least: number;
  readonly most: number;
}

/** Default and bounds of every option that is a number. Its unit is the end of its name, or is said where it is declared. */
export const RANGES = {
  clockToleranceSeconds: { usual: 5, least: 0, most: 60 },
  maxTokenAgeSeconds: { usual: 86_400, least: 1, most: 31_622_400 },
  maxTokenBytes: { usual: 8192, least: 256, most: 65_536 },
} as const satisfies Record<string, OptionRange>;

export const KEY_SET_RANGES = {
  cooldownSeconds: { usual: 10, least: 1, most: 300 },
  maxStaleSeconds: { usual: 3600, least: 0, most: 86_400 },
  timeoutMs: { usual: 3000, least: 50, most: 30_000 },
  maxBytes: { usual: 524_288, least: 1024, most: 16_777_216 },
} as const satisfies Record<string, OptionRange>;

export const STATUS_LIST_RANGES = {
  maxAgeSeconds: { usual: 10, least: 1, most: 3600 },
  maxStaleSeconds: { usual: 300, least: 1, most: 86_400 },
  timeoutMs: { usual: 3000, least: 50, most: 30_000 },
  maxBytes: { usual: 1_048_576, least: 1024, most: 16_777_216 },
} as const satisfies Record<string, OptionRange>;

export const TOKEN_CACHE_RANGES = {
  maxTokens: { usual: 10_000, least: 0, most: 1_000_000 },
} as const satisfies Record<string, OptionRange>;

export const DPOP_RANGES = {
  maxProofAgeSeconds: { usual: 60, least: 1, most: 600 },
  maxProofs: { usual: 500_000, least: 1, most: 10_000_000 },
  nonceLifetimeSeconds: { usual: 300, least: 1, most: 3600 },
} as const satisfies Record<string, OptionRange>;

/** Each as it was given, or as it usually is. */
export function numbers<K extends string>(
  ranges: Readonly<Record<K, OptionRange>>,
  given: { readonly [N in NoInfer<K>]?: number | undefined } = {},
): Record<K, number> {
  const chosen = namesOf(ranges).map((name) => [name, given[name] ?? ranges[name].usual]);
  return Object.fromEntries(chosen);
}

/** What is out of its range, as sentences that say what to set. */
export function rangeFaults<K extends string>(
  prefix: string,
  ranges: Readonly<Record<K, OptionRange>>,
  values: Readonly<Record<NoInfer<K>, number>>,
): string[] {
  return namesOf(ranges).flatMap((name) => {
    const { least, most } = ranges[name];
    if (isWithin(values[name], least, most)) return [];
    return [`\`${prefix}${name}\` must be a number from ${least} to ${most}`];
  });
}

/** Object.keys() does not say of whom they are. */
function namesOf<K extends string>(ranges: Readonly<Record<K, OptionRange>>): K[] {
  return Object.keys(ranges) as K[];
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}
