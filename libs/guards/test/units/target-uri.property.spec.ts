import * as fc from 'fast-check';
import { isSameTarget, normalizeTarget } from '../../src/dpop/target-uri.js';

/** A URI in its normal form, in parts (RFC 3986 §6.2.2). */
interface Uri {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** None where it is the one of the scheme. */
  readonly port: number | undefined;
  readonly segments: readonly (readonly string[])[];
}

const UNRESERVED = [...'abcxyzABCXYZ019-_~'];
/** Of a segment: what it is made of stands in one way, in normal form. Dots are apart, for two of them mean something. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...UNRESERVED) },
  { weight: 2, arbitrary: fc.constantFrom(...'!$&()*+,;=:@') },
  { weight: 2, arbitrary: fc.constantFrom('%2F', '%3F', '%25', '%C3%A9', '%5C', '%00', '%20') },
);
const uri: fc.Arbitrary<Uri> = fc.record({
  scheme: fc.constantFrom('http', 'https'),
  host: fc.constantFrom('api.example', 'a-b.example', 'localhost', '127.0.0.1', '[::1]'),
  port: fc.constantFrom(undefined, 3000, 8443),
  segments: fc.array(fc.array(piece, { maxLength: 5 }), { minLength: 1, maxLength: 4 }),
});

function written({ scheme, host, port, segments }: Uri): string {
  return `${scheme}://${host}${port ? `:${port}` : ''}/${segments.map((it) => it.join('')).join('/')}`;
}

/** The same URI, written in some other way. */
const spelling = (of: Uri): fc.Arbitrary<string> =>
  fc
    .record({
      scheme: cased(of.scheme),
      host: cased(of.host),
      port: fc.constantFrom(...portsOf(of)),
      segments: fc.tuple(...of.segments.map(segment)),
      detours: fc.array(fc.constantFrom('.', '%2e', 'x/..', 'x/%2E.', 'x/y/../..'), {
        maxLength: 2,
      }),
      rest: fc.constantFrom('', '?', '?a=/../b', '#', '#/c', '?a#b'),
    })
    .map(
      ({ scheme, host, port, segments, detours, rest }) =>
        `${scheme}://${host}${port}/${[...detours, ...segments].join('/')}${rest}`,
    );

function portsOf({ scheme, port }: Uri): [string, ...string[]] {
  return port ? [`:${port}`] : ['', scheme === 'https' ? ':443' : ':80', ':'];
}

const cased = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((it, n) => (upper[n] ? it.toUpperCase() : it)).join(''));

const segment = (pieces: readonly string[]) =>
  fc.tuple(...pieces.map(pieceSpelling)).map((parts) => parts.join(''));

function pieceSpelling(text: string): fc.Arbitrary<string> {
  if (text.startsWith('%')) return fc.constantFrom(text, text.toLowerCase());
  if (!UNRESERVED.includes(text)) return fc.constant(text);
  const escape = `%${text.charCodeAt(0).toString(16)}`;
  return fc.constantFrom(text, escape, escape.toUpperCase());
}

describe('the target of a request (RFC 9449 §4.3, RFC 3986 §6.2.2, §6.2.3)', () => {
  it('is the same, however it is written', () => {
    const spellings = uri.chain((of) => fc.tuple(fc.constant(of), spelling(of), spelling(of)));
    fc.assert(
      fc.property(spellings, ([of, one, other]) => {
        expect(isSameTarget(one, other)).toBe(true);
        expect(isSameTarget(one, written(of))).toBe(true);
        expect(normalizeTarget(one)).toBe(written(of));
      }),
      { numRuns: 2000 },
    );
  });

  it('is another one when anything in it is different', () => {
    const two = fc
      .tuple(uri, uri)
      .filter(([one, other]) => written(one) !== written(other))
      .chain(([one, other]) => fc.tuple(spelling(one), spelling(other)));
    fc.assert(
      fc.property(two, ([one, other]) => {
        expect(isSameTarget(one, other)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('is another one when one character of its path is', () => {
    const changed = uri.chain((of) =>
      fc.tuple(fc.constant(of), fc.nat(), fc.constantFrom(...'q~/%25', '%2F', '.', '')),
    );
    fc.assert(
      fc.property(changed, ([of, at, instead]) => {
        const text = written(of);
        const start = text.indexOf('/', 8) + 1;
        const cut = start + (at % (text.length - start + 1));
        const other = text.slice(0, cut) + instead + text.slice(cut + 1);
        fc.pre(normalizeTarget(other) !== normalizeTarget(text));
        expect(isSameTarget(other, text)).toBe(false);
        expect(isSameTarget(text, other)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('is nothing that throws, and no two different texts that are no URIs', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.webUrl().map((it) => `x${it}`),
    );
    fc.assert(
      fc.property(text, text, (one, other) => {
        const same = isSameTarget(one, other);
        if (same) expect(normalizeTarget(one)).toBe(normalizeTarget(other));
        expect(isSameTarget(one, one)).toBe(normalizeTarget(one) !== undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['https://api.example/a%2Fb', 'https://api.example/a/b'],
    ['https://api.example/a%3Fb', 'https://api.example/a?b'],
    ['https://api.example/%252e%252e/b', 'https://api.example/b'],
    ['https://api.example//orders', 'https://api.example/orders'],
    ['https://api.example/orders', 'https://api.example/orders/'],
    ['https://api.example./orders', 'https://api.example/orders'],
    ['https://api.example/a\\b', 'https://api.example/a/b'],
  ])('%s is not %s', (one, other) => {
    expect(isSameTarget(one, other)).toBe(false);
    expect(isSameTarget(other, one)).toBe(false);
  });
});
