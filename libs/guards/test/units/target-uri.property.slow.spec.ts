import * as fc from 'fast-check';
import { isSameTarget, normalizeTarget } from '../../src/dpop/target-uri.js';
import { it } from '../support/slow-test.js';

/** The parts of a URI in normal form (RFC 3986 §6.2.2). */
interface Uri {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** Undefined for the default port of the scheme. */
  readonly port: number | undefined;
  readonly segments: readonly (readonly string[])[];
}

const UNRESERVED = [...'abcxyzABCXYZ019-_~'];
/** A piece of a path segment in normal form. Dots are left out, because `.` and `..` have a meaning. */
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

function format({ scheme, host, port, segments }: Uri): string {
  return `${scheme}://${host}${port ? `:${port}` : ''}/${segments.map((pieces) => pieces.join('')).join('/')}`;
}

/** Another spelling of the same URI. */
const spelling = (of: Uri): fc.Arbitrary<string> =>
  fc
    .record({
      scheme: cased(of.scheme),
      host: cased(of.host),
      port: fc.constantFrom(...listPorts(of)),
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

function listPorts({ scheme, port }: Uri): [string, ...string[]] {
  return port ? [`:${port}`] : ['', scheme === 'https' ? ':443' : ':80', ':'];
}

const cased = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) =>
      [...text].map((character, n) => (upper[n] ? character.toUpperCase() : character)).join(''),
    );

const segment = (pieces: readonly string[]) =>
  fc.tuple(...pieces.map(pieceSpelling)).map((parts) => parts.join(''));

function pieceSpelling(text: string): fc.Arbitrary<string> {
  if (text.startsWith('%')) return fc.constantFrom(text, text.toLowerCase());
  if (!UNRESERVED.includes(text)) return fc.constant(text);
  const escape = `%${text.charCodeAt(0).toString(16)}`;
  return fc.constantFrom(text, escape, escape.toUpperCase());
}

describe('target of a request (RFC 9449 §4.3, RFC 3986 §6.2.2, §6.2.3)', () => {
  it('equates all spellings of a URI', () => {
    const spellings = uri.chain((of) => fc.tuple(fc.constant(of), spelling(of), spelling(of)));
    fc.assert(
      fc.property(spellings, ([of, one, other]) => {
        expect(isSameTarget(one, other)).toBe(true);
        expect(isSameTarget(one, format(of))).toBe(true);
        expect(normalizeTarget(one)).toBe(format(of));
      }),
      { numRuns: 2000 },
    );
  });

  it('distinguishes all spellings of two URIs', () => {
    const two = fc
      .tuple(uri, uri)
      .filter(([one, other]) => format(one) !== format(other))
      .chain(([one, other]) => fc.tuple(spelling(one), spelling(other)));
    fc.assert(
      fc.property(two, ([one, other]) => {
        expect(isSameTarget(one, other)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('distinguishes URIs when one character of the path differs', () => {
    const changed = uri.chain((of) =>
      fc.tuple(fc.constant(of), fc.nat(), fc.constantFrom(...'q~/%25', '%2F', '.', '')),
    );
    fc.assert(
      fc.property(changed, ([of, at, replacement]) => {
        const text = format(of);
        const start = text.indexOf('/', 8) + 1;
        const cut = start + (at % (text.length - start + 1));
        const other = text.slice(0, cut) + replacement + text.slice(cut + 1);
        fc.pre(normalizeTarget(other) !== normalizeTarget(text));
        expect(isSameTarget(other, text)).toBe(false);
        expect(isSameTarget(text, other)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('throws no error for any text, and equates no text that is not a URI', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.webUrl().map((url) => `x${url}`),
    );
    fc.assert(
      fc.property(text, text, (one, other) => {
        const isSame = isSameTarget(one, other);
        if (isSame) expect(normalizeTarget(one)).toBe(normalizeTarget(other));
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
  ])('distinguishes %s from %s', (one, other) => {
    expect(isSameTarget(one, other)).toBe(false);
    expect(isSameTarget(other, one)).toBe(false);
  });
});
