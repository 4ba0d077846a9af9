/** The order matters: the `User-Agent` of Edge also contains `Chrome`, and that of Chrome also contains `Safari`. */
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

/** Maps a `User-Agent` to names from our lists. The client chose the header freely, so a message must not repeat its text. */
export function parseBrowserAndSystem(userAgent: string | null | undefined): readonly string[] {
  const findName = (names: typeof BROWSERS) =>
    names.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1];
  return [findName(BROWSERS), findName(SYSTEMS)].filter((name) => name !== undefined);
}

/** `Firefox on Linux`. */
export const describeDevice = (userAgent: string | null | undefined): string =>
  parseBrowserAndSystem(userAgent).join(' on ') || 'an unknown device';
