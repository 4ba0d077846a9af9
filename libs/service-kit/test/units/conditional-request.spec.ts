import {
  createEntityTag,
  hashEntityTag,
  matchesIfMatch,
  matchesIfNoneMatch,
  parseIfMatch,
} from '../../src/index.js';

const TAG = '"1"';

describe('entity tags (RFC 9110 §8.8.3)', () => {
  it('creates entity tags as quoted strings', () => {
    expect(createEntityTag(1)).toBe(TAG);
  });

  it('depend on the content alone when they are hashes', () => {
    expect(hashEntityTag('one')).toMatch(/^"[\w-]{43}"$/);
    expect(hashEntityTag('one')).toBe(hashEntityTag('one'));
    expect(hashEntityTag('one')).not.toBe(hashEntityTag('other'));
  });
});

describe('If-None-Match (RFC 9110 §13.1.2)', () => {
  it.each([TAG, 'W/"1"', '*', ' * ', '"0", "1"', '"0","1"', ', W/"1" ,'])('matches %j', (field) => {
    expect(matchesIfNoneMatch(TAG, field)).toBe(true);
  });

  it.each([undefined, '', '1', '"2"', '"11"', '"x, 1"', '*1'])('does not match %j', (field) => {
    expect(matchesIfNoneMatch(TAG, field)).toBe(false);
  });

  it('treats a comma inside a tag as part of the tag', () => {
    expect(matchesIfNoneMatch('"a,b"', '"a,b"')).toBe(true);
    expect(matchesIfNoneMatch('"b"', '"a,b"')).toBe(false);
  });
});

describe('If-Match (RFC 9110 §13.1.1)', () => {
  const matches = (field: string) => {
    const condition = parseIfMatch(field);
    return condition && matchesIfMatch(TAG, condition);
  };

  it.each([TAG, '*', ' * ', '"0", "1"', ', "1",, "2"'])('matches %j', (field) => {
    expect(matches(field)).toBe(true);
  });

  it.each(['"2"', 'W/"1"', '"0", W/"1"'])(
    'does not match %j: the comparison is strong',
    (field) => {
      expect(matches(field)).toBe(false);
    },
  );

  it.each(['', '1', '"1', '"1" "2"', 'w/"1"', '*, "1"', '"1"x'])(
    'rejects the malformed field %j',
    (field) => {
      expect(parseIfMatch(field)).toBeUndefined();
    },
  );
});
