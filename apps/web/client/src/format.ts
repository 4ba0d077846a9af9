/** Digits with an optional fraction, which `Intl.NumberFormat` formats exactly also beyond 2^53. */
const isNumeric = (text: string): text is `${number}` => /^\d+(\.\d+)?$/.test(text);

/**
 * Writes an amount in minor units as a decimal number.
 *
 * @param minor digits
 * @param fractionDigits of the currency, such as 2 for EUR and 0 for JPY
 */
export function toDecimal(minor: string, fractionDigits: number): string {
  if (fractionDigits === 0) return minor;
  const digits = minor.padStart(fractionDigits + 1, '0');
  return `${digits.slice(0, -fractionDigits)}.${digits.slice(-fractionDigits)}`;
}

/** Amounts and times in a language, such as `de-AT`. */
export class Formats {
  private readonly instants: Intl.DateTimeFormat;
  private readonly months: Intl.DateTimeFormat;

  constructor(private readonly locale: string) {
    this.instants = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
    // Billing counts months in UTC.
    const timeZone = 'UTC';
    this.months = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone });
  }

  /** @param minor in the currency's minor unit, as a number or as digits */
  money(minor: number | string, currency: string): string {
    const format = new Intl.NumberFormat(this.locale, { style: 'currency', currency });
    const { maximumFractionDigits = 2 } = format.resolvedOptions();
    const decimal = toDecimal(String(minor), maximumFractionDigits);
    return isNumeric(decimal) ? format.format(decimal) : `${minor} ${currency}`;
  }

  /** @param instant as RFC 3339 */
  instant(instant: string): string {
    return this.instants.format(new Date(instant));
  }

  /** @param month such as `2026-11` */
  month(month: string): string {
    return this.months.format(new Date(`${month}-01T00:00:00Z`));
  }
}

const MONTH = /^20\d{2}-(0[1-9]|1[0-2])$/;

/** @returns the month of the address if it is one, else the present month in UTC */
export const parseMonth = (text: string | null, now: number): string =>
  text !== null && MONTH.test(text) ? text : new Date(now).toISOString().slice(0, 7);

/** @returns the month so many months later; undefined outside of this century, which billing does not accept */
export function shiftMonth(month: string, months: number): string | undefined {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const shifted = new Date(Date.UTC(year, number - 1 + months)).toISOString().slice(0, 7);
  return MONTH.test(shifted) ? shifted : undefined;
}
