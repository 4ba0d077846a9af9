import * as fc from 'fast-check';

/** A string value and one JSON spelling of it. */
interface JsonSpelling {
  readonly value: string;
  readonly text: string;
}

type Spell = (character: string) => string;

const plain: Spell = (character) => JSON.stringify(character).slice(1, -1);
const hexadecimal: Spell = (character) =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
const capitals: Spell = (character) =>
  hexadecimal(character).toUpperCase().replaceAll('\\U', '\\u');

const character = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  fc.constantFrom('"', '\\', '/', ':', ',', '{', '}', '\n', '\u0000', '\u2028', '😀'),
);

/** A string, with each character spelled plainly or as an escape sequence. */
const spelledString: fc.Arbitrary<JsonSpelling> = fc
  .array(fc.tuple(character, fc.constantFrom(plain, hexadecimal, capitals)), { maxLength: 5 })
  .map((characters) => ({
    value: characters.map(([character]) => character).join(''),
    text: `"${characters.map(([character, spell]) => spell(character)).join('')}"`,
  }));

/** Names that repeat often, and names with a meaning in JavaScript. */
const name = fc.oneof(
  spelledString,
  fc
    .tuple(
      fc.constantFrom('a', 'exp', '__proto__', 'constructor', '1'),
      fc.constantFrom(plain, hexadecimal),
    )
    .map(([value, spell]) => ({ value, text: `"${spell(value)}"` })),
);

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 2 });

const scalar = fc.oneof(
  fc.constantFrom('true', 'false', 'null', '0', '-0', '1E3', '1.50', '-2e-7', '1e400'),
  fc.integer().map(String),
  spelledString.map(({ text }) => text),
);

/** The members of an object as JSON text, in braces. */
const braced = (members: fc.Arbitrary<readonly (readonly [JsonSpelling, string])[]>) =>
  fc.tuple(members, space, space).map(([all, before, after]) => {
    const texts = all.map(([{ text }, value]) => `${before}${text}${after}:${before}${value}`);
    return `{${texts.join(`${after},`)}${after}}`;
  });

const { object, anything } = fc.letrec<{ object: string; list: string; anything: string }>(
  (tie) => ({
    anything: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      tie('object'),
      tie('list'),
    ),
    list: fc
      .tuple(fc.array(tie('anything'), { maxLength: 3 }), space)
      .map(([items, around]) => `[${items.map((item) => around + item + around).join(',')}]`),
    object: braced(
      fc.uniqueArray(fc.tuple(name, tie('anything')), {
        maxLength: 4,
        selector: ([{ value }]) => value,
      }),
    ),
  }),
);

/** The JSON text of an object without repeated names at any depth. */
export const jsonObject: fc.Arbitrary<string> = object;

const repeated = fc
  .tuple(
    fc.array(character, { maxLength: 3 }),
    anything,
    anything,
    fc.constantFrom(plain, hexadecimal),
  )
  .map(([characters, first, second, spell]) => {
    const once = `"${characters.map(plain).join('')}":${first}`;
    const again = `"${characters.map(spell).join('')}":${second}`;
    return `{${once},"between":0,${again}}`;
  });

/** The JSON text of an object that repeats a name at some depth, possibly in another spelling. */
export const jsonObjectWithRepeatedName: fc.Arbitrary<string> = fc.letrec<{ twice: string }>(
  (tie) => ({
    twice: fc.oneof(
      { depthSize: 'medium' },
      repeated,
      tie('twice').map((inner) => `{"in":${inner}}`),
      tie('twice').map((inner) => `{"list":[0, ${inner} ,{"b":1}]}`),
      fc.tuple(tie('twice'), anything).map(([inner, other]) => `{"a":${other},"z":${inner}}`),
    ),
  }),
).twice;
