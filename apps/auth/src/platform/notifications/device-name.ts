/** In this order: Edge calls itself Chrome as well, and Chrome Safari. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|HeadlessChrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\b(Macintosh|Mac OS X)\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/**
 * What a `User-Agent` is taken for, in words of ours: it is text that whoever logged in chose freely, and none of it may
 * stand where our name stands.
 */
export function parseBrowserAndSystem(userAgent: string | null | undefined): readonly string[] {
  const among = (names: typeof BROWSERS) =>
    names.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1];
  return [among(BROWSERS), among(SYSTEMS)].filter((name) => name !== undefined);
}

/** For messages. */
export const describeDevice = (userAgent: string | null | undefined): string =>
  parseBrowserAndSystem(userAgent).join(' on ') || 'an unknown device';
