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
