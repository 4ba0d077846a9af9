import * as fc from 'fast-check';
import { parseStrictJson } from '../../src/core/strict-json.js';
import { jsonObject, jsonObjectWithRepeatedName } from '../support/json-arbitraries.js';

const parse = (text: string) => parseStrictJson(Buffer.from(text));

describe('parseStrictJson (RFC 8725 §2.4, §3.7)', () => {
  it('returns the result of JSON.parse for every spelling of valid JSON', () => {
    fc.assert(
      fc.property(jsonObject, (text) => {
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a repeated name at any depth and in any spelling (RFC 7519 §4)', () => {
    fc.assert(
      fc.property(jsonObjectWithRepeatedName, (text) => {
        expect(() => JSON.parse(text)).not.toThrow();
        expect(() => parse(text)).toThrow(SyntaxError);
      }),
      { numRuns: 2000 },
    );
  });

  it('throws a SyntaxError for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(() => parseStrictJson(Buffer.from(bytes))).toThrow(SyntaxError);
      }),
    );
  });

  it('quotes no part of the text in its error', () => {
    expect(() => parse('{"sub":"alice@example.com",}')).toThrow(/^The text is not JSON$/);
  });

  it.each([
    ['the same value twice', '{"a":1,"a":1}'],
    ['a name with three values', '{"a":1,"a":2,"a":3}'],
    ['an empty name', '{"":1,"":2}'],
    ['__proto__', '{"__proto__":1,"__proto__":2}'],
    ['an array index', '{"1":1,"1":2}'],
    ['\\u0061', String.raw`{"a":1,"\u0061":2}`],
    ['a surrogate pair, escaped', String.raw`{"😀":1,"\ud83d\uDE00":2}`],
    ['an escaped solidus', String.raw`{"a/b":1,"a\/b":2}`],
    ['inside an array', '{"a":[{"b":1},{"b":1,"b":2}]}'],
    ['inside an object that a later member replaces', '{"a":{"b":1,"b":2},"a":1}'],
    ['beside text that looks like members', String.raw`{"x":"\",\"a\":1","a":1,"a":2}`],
  ])('refuses a repeated name: %s', (_name, text) => {
    expect(() => parse(text)).toThrow('A member name occurs twice');
  });

  it.each([
    ['names that differ in case', '{"a":1,"A":2}'],
    ['names that differ in normalization', '{"\u00e9":1,"e\u0301":2}'],
    ['one name in two objects', '{"a":{"b":1},"c":{"b":2}}'],
    ['colons and braces in strings', String.raw`{"a":"{\"a\":1,\"a\":2}","b":":::"}`],
    ['a string that ends in a backslash', String.raw`{"a":"\\","b":":"}`],
    ['U+2028 in a string', '{"a":"\u2028:"}'],
  ])('accepts %s', (_name, text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['an overlong solidus', [0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]],
    ['a surrogate as three bytes', [0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]],
    ['a cut sequence', [0x7b, 0x22, 0xe2, 0x82, 0x22, 0x3a, 0x31, 0x7d]],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ['UTF-16', [0x7b, 0x00, 0x7d, 0x00]],
  ])('refuses %s (RFC 8259 §8.1)', (_name, bytes) => {
    expect(() => parseStrictJson(Buffer.from(bytes))).toThrow(SyntaxError);
  });

  it.each([
    'null',
    '[]',
    '[{}]',
    '"{}"',
    '1',
    'true',
    '',
    ' ',
    '{}{}',
    "{'a':1}",
    '{"a":1,}',
    '{a:1}',
  ])('refuses %p, which is not a JSON object', (text) => {
    expect(() => parse(text)).toThrow(SyntaxError);
  });
});
