/** The options contradict the rules of this library. The message says what to set. */
export class GuardsConfigurationError extends Error {
  override readonly name = 'GuardsConfigurationError';

  constructor(readonly faults: readonly string[]) {
    super(['The guards are not configured:', ...faults].join('\n  - '));
  }
}

/**
 * Declares an option once: the values that it accepts, and its default. Callers without TypeScript take options from
 * JSON or from the environment, so every value is checked.
 */
export type Option = ValueOption | GroupOption;
export type OptionTable = Readonly<Record<string, Option>>;

export interface ValueOption {
  readonly kind: 'value';
  /** Ends the sentence "must be …". */
  readonly expected: string;
  readonly isValid: (value: unknown) => boolean;
  readonly default?: unknown;
  /** Smallest and largest number. */
  readonly range?: readonly [min: number, max: number];
}

interface GroupOption {
  /** An `optional object` that is missing stays undefined. A missing `object` gets the defaults of its members. */
  readonly kind: 'object' | 'optional object' | 'list of objects';
  readonly members: OptionTable;
}

type Check = (value: unknown) => boolean;

export const isName = (value: unknown): value is string => isText(value) && value !== '';
const isText = (value: unknown): value is string => typeof value === 'string';
const isListOf = (isMember: Check) => (list: unknown) =>
  Array.isArray(list) && list.every(isMember);
const isNameOrNames = (value: unknown) => [value].flat().length > 0 && [value].flat().every(isName);
export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function declare(expected: string, isValid: Check, fallback?: unknown): ValueOption {
  return { kind: 'value', expected, isValid, default: fallback };
}
const group = (kind: GroupOption['kind']) => (members: OptionTable) => ({ kind, members });
const listOf = (members: string, isMember: Check, fallback?: readonly unknown[]) =>
  declare(`a list of ${members}`, isListOf(isMember), fallback);

/** Makes declarations. The last parameter is the default. */
export const option = {
  /** Another check refuses wrong values with a better message. */
  any: declare('a value', () => true),
  text: declare('a string', isText),
  texts: (fallback?: readonly string[]) => listOf('strings', isText, fallback),
  textOrTexts: declare('a string or a list of strings', (value) => [value].flat().every(isText)),
  list: declare('a list', Array.isArray),
  listOf,
  oneOf: (values: readonly string[], fallback?: string) =>
    declare(
      values.map((value) => `'${value}'`).join(' or '),
      (value) => isText(value) && values.includes(value),
      fallback,
    ),
  flag: (fallback = false) =>
    declare('true or false', (value) => typeof value === 'boolean', fallback),
  /** The end of the option's name is the unit. */
  number: (min: number, max: number, fallback: number): ValueOption => ({
    ...declare(
      `a number from ${min} to ${max}`,
      (value) => typeof value === 'number' && value >= min && value <= max,
      fallback,
    ),
    range: [min, max],
  }),
  function: (fallback?: unknown) =>
    declare('a function', (value) => typeof value === 'function', fallback),
  objectWithMethod: (method: string) =>
    declare(
      `an object with the method ${method}()`,
      (value) => isObject(value) && typeof Reflect.get(value, method) === 'function',
    ),
  claim: (fallback: string) =>
    declare('the name of a claim, or a list of nested names', isNameOrNames, fallback),
  claims: (fallback: readonly string[]) =>
    declare("a list of claims, such as ['client_id']", isListOf(isNameOrNames), fallback),
  claimValues: declare(
    'an object with a string or a list of strings for each claim',
    (value) => isObject(value) && Object.values(value).every(isNameOrNames),
    {},
  ),
  object: group('object'),
  optionalObject: group('optional object'),
  objects: group('list of objects'),
};

/** Reads options by their tables. Collects all faults, and uses the default in place of a refused value. */
export class OptionReader {
  readonly faults: string[] = [];
  private readonly refused: string[] = [];

  /** @param prefix of the names in messages, such as `keySet.` */
  read(given: unknown, table: OptionTable, prefix = ''): Readonly<Record<string, unknown>> {
    const options = isObject(given) ? given : {};
    this.checkNames(options, Object.keys(table), prefix);
    const values = Object.entries(table).map(([name, declared]) => [
      name,
      this.readOne(Reflect.get(options, name), declared, prefix + name),
    ]);
    return Object.freeze(Object.fromEntries(values));
  }

  refuse(name: string, fault: string): void {
    this.refused.push(name);
    this.faults.push(fault);
  }

  /** Adds faults of later checks, except those about a value that was refused already. */
  add(faults: readonly string[]): void {
    const isNew = (fault: string) => !this.refused.some((name) => fault.includes(`\`${name}\``));
    this.faults.push(...faults.filter(isNew));
  }

  /** @throws GuardsConfigurationError with all faults */
  throwFaults(): void {
    if (this.faults.length > 0) throw new GuardsConfigurationError(this.faults);
  }

  private readOne(value: unknown, declared: Option, name: string): unknown {
    if (declared.kind !== 'value') return this.readGroup(value, declared, name);
    const { expected, isValid, default: fallback } = declared;
    if (value === undefined || isValid(value)) return value ?? fallback;
    this.refuseShape(name, expected, value);
    return fallback;
  }

  private readGroup(value: unknown, { kind, members }: GroupOption, name: string): unknown {
    if (kind === 'list of objects') return this.readList(value, members, name);
    const isGiven = isObject(value);
    if (value !== undefined && !isGiven) this.refuseShape(name, 'an object', value);
    return isGiven || kind === 'object' ? this.read(value, members, `${name}.`) : undefined;
  }

  private readList(value: unknown, members: OptionTable, name: string): unknown {
    const one: GroupOption = { kind: 'object', members };
    if (Array.isArray(value)) return value.map((v, i) => this.readGroup(v, one, `${name}[${i}]`));
    if (value !== undefined) this.refuseShape(name, 'a list of objects', value);
    return undefined;
  }

  private refuseShape(name: string, expected: string, value: unknown): void {
    this.refuse(name, `\`${name}\` must be ${expected}, not ${describe(value)}`);
  }

  private checkNames(given: object, known: readonly string[], prefix: string): void {
    for (const [name, value] of Object.entries(given)) {
      if (known.includes(name) || value === undefined) continue;
      const closest = known.find((candidate) => isSimilar(name, candidate, name.length / 3));
      const needed = closest === undefined && OPTIONS_OF_PARTS.get(name);
      const hint = closest === undefined ? '' : `: did you mean \`${prefix}${closest}\`?`;
      this.faults.push(
        `\`${prefix}${name}\` is not an option${needed ? `: it needs ${needed}` : hint}`,
      );
    }
  }
}

/** Names in documents that a copy without the part does not know. */
const OPTIONS_OF_PARTS = new Map([
  ['dpop', 'GuardsModule and the part `dpop`'],
  ['statusLists', 'the part `status`'],
  ['statusListsOrigin', 'the part `status`'],
]);

/** Never text, which may be a secret. */
function describe(value: unknown): string {
  if (value === null || typeof value === 'number') return String(value);
  return Array.isArray(value) ? 'a list with other members' : `of type ${typeof value}`;
}

/** Whether few edits, at most two, turn one name into the other. */
function isSimilar(one: string, other: string, edits: number): boolean {
  const [oneRest, otherRest] = [one.slice(1), other.slice(1)];
  if (one[0]?.toLowerCase() === other[0]?.toLowerCase()) {
    return one === '' || isSimilar(oneRest, otherRest, edits);
  }
  const left = Math.min(edits, 2) - 1;
  const isSimilarTo = (rest: string) => isSimilar(rest, otherRest, left);
  return left >= 0 && ([oneRest, one].some(isSimilarTo) || isSimilar(oneRest, other, left));
}
