const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/**
 * How long ago something was, in words: whoever reads it may be in any time zone.
 *
 * @param now milliseconds since the epoch
 * @returns nothing where it was within the last minute
 */
export function ago(instant: Date, now: number, language: string): string | undefined {
  const elapsed = now - instant.getTime();
  const unit = UNITS.find(([, length]) => elapsed >= length);
  if (!unit) return undefined;
  const [name, length] = unit;
  return new Intl.RelativeTimeFormat(language).format(-Math.floor(elapsed / length), name);
}
