/**
 * What a change of a JSON Schema takes away. Of a request every value that was accepted must still be; of a response every
 * value that comes must have been possible before, except that members may be added to it. What is not understood here
 * and differs is taken for a breach: somebody has to look at it.
 */

/** Words that change nothing for those who are on the other side. */
const ANNOTATIONS = [
  'title',
  'description',
  'default',
  'example',
  'examples',
  'deprecated',
  '$schema',
  '$id',
];
const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** Nobody who reads an answer depends on these. */
const TEXTS = ['pattern', 'format'];
const MEMBERS = ['properties', 'required', 'additionalProperties'];
const ALTERNATIVES = ['anyOf', 'oneOf', 'allOf'];
const JUDGED = new Set([
  ...[...ANNOTATIONS, ...LOWER, ...UPPER, ...TEXTS, ...MEMBERS, ...ALTERNATIVES],
  ...['type', 'enum', 'const', 'items'],
]);

/**
 * @param {object} before
 * @param {object} after
 * @param {{ direction: 'request' | 'response', at: string }} where `at` is what the schema describes, in words
 * @returns {string[]} what is breaking, each as the end of a sentence that begins with the place
 */
export function schemaChanges(before, after, { direction, at }) {
  const pair = { before, after, direction, at };
  const [inner, outer] = direction === 'request' ? [before, after] : [after, before];
  return [
    ...valuesOutside(inner, outer).map((says) => `${at} ${says}`),
    ...boundsOutside(inner, outer).map((name) => `${at} has another \`${name}\``),
    ...textChanges(pair),
    ...memberChanges(pair),
    ...(before.items && after.items
      ? schemaChanges(before.items, after.items, { direction, at: `an item of ${at}` })
      : different(pair, 'items')),
    ...ALTERNATIVES.flatMap((name) => alternativeChanges(pair, name)),
    ...otherWords(pair).flatMap((name) => different(pair, name)),
  ];
}

function valuesOutside(inner, outer) {
  const types = typesOf(inner).filter(
    (type) => !typesOf(outer).some((wide) => isWithin(type, wide)),
  );
  const allowed = valuesOf(outer);
  const values = valuesOf(inner);
  if (types.length > 0) return ['has another type'];
  if (allowed === undefined) return [];
  if (values?.every((value) => allowed.includes(value))) return [];
  return ['has other values'];
}

const ANY = ['null', 'boolean', 'object', 'array', 'number', 'string'];
const typesOf = ({ type = ANY }) => [type].flat();
const isWithin = (type, wide) => type === wide || (type === 'integer' && wide === 'number');
const valuesOf = (schema) => {
  const values = 'const' in schema ? [schema.const] : schema.enum;
  return values?.map((value) => JSON.stringify(value));
};

function boundsOutside(inner, outer) {
  const lower = LOWER.filter((name) => name in outer && !(inner[name] >= outer[name]));
  const upper = UPPER.filter((name) => name in outer && !(inner[name] <= outer[name]));
  return [...lower, ...upper];
}

function textChanges({ before, after, direction, at }) {
  if (direction === 'response') return [];
  return TEXTS.filter((name) => name in after && after[name] !== before[name]).map(
    (name) => `${at} has another \`${name}\``,
  );
}

function memberChanges({ before, after, direction, at }) {
  const [old, now] = [before.properties ?? {}, after.properties ?? {}];
  const had = new Set(before.required);
  const has = new Set(after.required);
  const kept = Object.keys(old).filter((name) => name in now);
  const closed = direction === 'request' && after.additionalProperties === false;
  return [
    ...Object.keys(old)
      .filter((name) => !(name in now))
      .map((name) => `${at} has no member \`${name}\` any more`),
    ...(direction === 'request'
      ? [...has].filter((name) => !had.has(name)).map((name) => `${at} must have \`${name}\` now`)
      : kept
          .filter((name) => had.has(name) && !has.has(name))
          .map((name) => `${at} may come without \`${name}\` now`)),
    ...(closed && before.additionalProperties !== false && 'properties' in before
      ? [`${at} may have no other members any more`]
      : []),
    ...kept.flatMap((name) =>
      schemaChanges(old[name], now[name], { direction, at: `\`${name}\` of ${at}` }),
    ),
  ];
}

function alternativeChanges(pair, name) {
  const { before, after, direction, at } = pair;
  if (before[name]?.length !== after[name]?.length) return different(pair, name);
  return (before[name] ?? []).flatMap((schema, index) =>
    schemaChanges(schema, after[name][index], { direction, at }),
  );
}

function otherWords({ before, after }) {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !JUDGED.has(name),
  );
}

function different({ before, after, at }, name) {
  if (JSON.stringify(before[name]) === JSON.stringify(after[name])) return [];
  return [`${at} has another \`${name}\``];
}
