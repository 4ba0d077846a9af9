import { Formats, parseMonth, shiftMonth, toDecimal } from '../../client/src/format.js';

const plain = (text: string) => text.replaceAll(/\s/g, ' ');

describe('amounts on the pages of a tool', () => {
  it.each([
    ['en', 6400, 'EUR', '€64.00'],
    ['de-AT', 6400, 'EUR', '€ 64,00'],
    ['de', '5', 'EUR', '0,05 €'],
    ['en', 1250, 'JPY', '¥1,250'],
    ['en', 1250, 'KWD', 'KWD 1.250'],
    ['en', '900719925474099312', 'EUR', '€9,007,199,254,740,993.12'],
  ])('a reader of %s sees %s minor units of %s as %s', (locale, minor, currency, expected) => {
    expect(plain(new Formats(locale).money(minor, currency))).toBe(expected);
  });

  it('the reader sees an amount of an unknown form as it came', () => {
    expect(new Formats('en').money('a lot', 'EUR')).toBe('a lot EUR');
  });

  it.each([
    ['5', 2, '0.05'],
    ['123', 0, '123'],
    ['1234', 3, '1.234'],
  ])('the page writes %s with %i digits of fraction as %s', (minor, digits, expected) => {
    expect(toDecimal(minor, digits)).toBe(expected);
  });
});

describe('months of the totals page', () => {
  const november = Date.UTC(2026, 10, 30);

  it.each([
    ['2026-02', '2026-02'],
    ['2026-13', '2026-11'],
    ['1999-01', '2026-11'],
    [null, '2026-11'],
  ])('the address with %s shows %s', (text, expected) => {
    expect(parseMonth(text, november)).toBe(expected);
  });

  it('the reader goes from January to December, and not out of the century', () => {
    expect(shiftMonth('2026-01', -1)).toBe('2025-12');
    expect(shiftMonth('2099-12', 1)).toBeUndefined();
  });

  it('the reader of German sees the month by its name', () => {
    expect(new Formats('de').month('2026-11')).toBe('November 2026');
  });
});
