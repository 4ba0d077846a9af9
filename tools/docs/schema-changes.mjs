/**
 * Breaking changes of a JSON Schema. A request must still accept every value that it accepted. A response must have only
 * values that were possible before, but it may have more members. A difference in a keyword that is unknown here counts as
 * breaking, so that a person looks at it.
 */

/** @typedef {Record<string, any>} Schema */
/** @typedef {{ direction: 'request' | 'response', at: string }} Place `at` says in words what the schema describes */
/** @typedef {Place & { before: Schema, after: Schema }} Pair */

/** Keywords that do not change which values are valid. */
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
/** A client that reads an answer does not depend on these. */
const TEXTS = ['pattern', 'format'];
const MEMBERS = ['properties', 'required', 'additionalProperties'];
const ALTERNATIVES = ['anyOf', 'oneOf', 'allOf'];
const KNOWN_KEYWORDS = new Set([
  ...[...ANNOTATIONS, ...LOWER, ...UPPER, ...TEXTS, ...MEMBERS, ...ALTERNATIVES],
  ...['type', 'enum', 'const', 'items'],
]);

/**
 * @param {Schema} before
 * @param {Schema} after
 * @param {Place} place
 * @returns {string[]} the breaking changes, each as a sentence that begins with the place
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
    ...unknownKeywords(pair).flatMap((name) => different(pair, name)),
  ];
}

/** @param {Schema} inner @param {Schema} outer */
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
/** @param {Schema} schema @returns {string[]} */
const typesOf = ({ type = ANY }) => [type].flat();
/** @param {string} type @param {string} wide */
const isWithin = (type, wide) => type === wide || (type === 'integer' && wide === 'number');
/** @param {Schema} schema @returns {string[] | undefined} */
const valuesOf = (schema) => {
  /** @type {unknown[] | undefined} */
  const values = 'const' in schema ? [schema.const] : schema.enum;
  return values?.map((value) => JSON.stringify(value));
};

/** @param {Schema} inner @param {Schema} outer */
function boundsOutside(inner, outer) {
  const lower = LOWER.filter((name) => name in outer && !(inner[name] >= outer[name]));
  const upper = UPPER.filter((name) => name in outer && !(inner[name] <= outer[name]));
  return [...lower, ...upper];
}

/** @param {Pair} pair @returns {string[]} */
function textChanges({ before, after, direction, at }) {
  if (direction === 'response') return [];
  return TEXTS.filter((name) => name in after && after[name] !== before[name]).map(
    (name) => `${at} has another \`${name}\``,
  );
}

/** @param {Pair} pair @returns {string[]} */
function memberChanges({ before, after, direction, at }) {
  const [old, now] = [before.properties ?? {}, after.properties ?? {}];
  /** @type {Set<string>} */
  const had = new Set(before.required);
  /** @type {Set<string>} */
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

/** @param {Pair} pair @param {string} name @returns {string[]} */
function alternativeChanges(pair, name) {
  const { before, after, direction, at } = pair;
  if (before[name]?.length !== after[name]?.length) return different(pair, name);
  /** @type {Schema[]} */
  const alternatives = before[name] ?? [];
  return alternatives.flatMap((schema, index) =>
    schemaChanges(schema, after[name][index], { direction, at }),
  );
}

/** @param {Pair} pair */
function unknownKeywords({ before, after }) {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !KNOWN_KEYWORDS.has(name),
  );
}

/** @param {Pair} pair @param {string} name */
function different({ before, after, at }, name) {
  if (JSON.stringify(before[name]) === JSON.stringify(after[name])) return [];
  return [`${at} has another \`${name}\``];
}
