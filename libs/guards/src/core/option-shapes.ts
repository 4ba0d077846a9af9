/**
 * The shapes of options, for callers without TypeScript: options from JSON, from the environment, or in JavaScript. A value
 * with another shape would fail later and elsewhere: the letters of a string would be taken for the members of a list.
 */
export type Shape = ValueShape | ObjectShape;

interface ValueShape {
  readonly kind: 'value';
  /** Ends the sentence "must be …". */
  readonly expected: string;
  readonly isValid: (value: unknown) => boolean;
}

interface ObjectShape {
  readonly kind: 'object' | 'list of objects';
  readonly members: Readonly<Record<string, Shape>>;
}

/** One shape for each option of a type, so that none can be forgotten. */
export type Shapes<Options> = Readonly<Record<keyof Options & string, Shape>>;

const value = (expected: string, isValid: (value: unknown) => boolean): Shape => ({
  kind: 'value',
  expected,
  isValid,
});

const isString = (text: unknown) => typeof text === 'string';
const isName = (text: unknown) => typeof text === 'string' && text !== '';
const isListOf = (isMember: (member: unknown) => boolean) => (list: unknown) =>
  Array.isArray(list) && list.every(isMember);
const isClaimPath = (path: unknown) =>
  isName(path) || (Array.isArray(path) && path.length > 0 && path.every(isName));

/** Checked elsewhere, with a better message. */
export const ANY = value('a value', () => true);
export const LIST = value('a list', Array.isArray);
export const TEXT = value('a string', isString);
export const SWITCH = value('true or false', (flag) => typeof flag === 'boolean');
export const oneOf = (...values: string[]): Shape =>
  value(
    values.map((one) => `'${one}'`).join(' or '),
    (one) => isString(one) && values.includes(one),
  );
export const FUNCTION = value('a function', (callback) => typeof callback === 'function');
export const TEXTS = value('a list of strings', isListOf(isString));
export const TEXT_OR_TEXTS = value(
  'a string or a list of strings',
  (names) => isString(names) || isListOf(isString)(names),
);
export const CLAIM = value('the name of a claim, or a list of nested names', isClaimPath);
export const CLAIMS = value("a list of claims, such as ['client_id']", isListOf(isClaimPath));
export const CLAIM_VALUES = value(
  'an object with a string or a list of strings for each claim',
  (claims) =>
    isObject(claims) &&
    Object.values(claims).every((values) => isName(values) || isNonEmptyListOfNames(values)),
);
/** Its range is checked elsewhere, also for values of another type. */
export const NUMBER = value('a number', (number) => number !== null);
export const listOf = (expected: string, isMember: (member: unknown) => boolean): Shape =>
  value(`a list of ${expected}`, isListOf(isMember));
export const objectWithMethod = (method: string): Shape =>
  value(
    `an object with the method ${method}()`,
    (object) => isObject(object) && typeof Reflect.get(object, method) === 'function',
  );
export const objectWith = (members: ObjectShape['members']): Shape => ({ kind: 'object', members });
export const objectsWith = (members: ObjectShape['members']): Shape => ({
  kind: 'list of objects',
  members,
});

function isNonEmptyListOfNames(values: unknown): boolean {
  return Array.isArray(values) && values.length > 0 && values.every(isName);
}

export function isObject(candidate: unknown): candidate is object {
  return typeof candidate === 'object' && candidate !== null && !Array.isArray(candidate);
}

/** Collects the faults of some options, and leaves the faulty ones out, so that the others can be checked as well. */
export class ShapeCheck {
  readonly faults: string[] = [];
  private readonly refused: string[] = [];

  /** @param prefix of the names in messages, such as `keySet.` */
  clean(prefix: string, given: object, shapes: Readonly<Record<string, Shape>>): object {
    this.checkNames(prefix, given, Object.keys(shapes));
    const accepted = Object.entries(shapes).map(([name, shape]) => {
      const option: unknown = Reflect.get(given, name);
      return [name, option === undefined ? undefined : this.cleanOne(prefix + name, option, shape)];
    });
    return Object.fromEntries(accepted.filter(([, option]) => option !== undefined));
  }

  /** Leaves out what later checks say about an option that is refused already. */
  dropFollowing(faults: readonly string[]): string[] {
    return faults.filter((fault) => !this.refused.some((name) => fault.includes(`\`${name}\``)));
  }

  refuse(name: string, fault: string): void {
    this.refused.push(name);
    this.faults.push(fault);
  }

  private cleanOne(name: string, option: unknown, shape: Shape): unknown {
    if (shape.kind === 'value') {
      if (shape.isValid(option)) return option;
      return this.refuse(name, `\`${name}\` must be ${shape.expected}, not ${describe(option)}`);
    }
    if (shape.kind === 'object') return this.cleanObject(name, option, shape.members);
    if (Array.isArray(option)) {
      return option.map(
        (one: unknown, i) => this.cleanObject(`${name}[${i}]`, one, shape.members) ?? {},
      );
    }
    return this.refuse(name, `\`${name}\` must be a list of objects, not ${describe(option)}`);
  }

  private cleanObject(name: string, option: unknown, members: ObjectShape['members']): unknown {
    if (isObject(option)) return this.clean(`${name}.`, option, members);
    return this.refuse(name, `\`${name}\` must be an object, not ${describe(option)}`);
  }

  private checkNames(prefix: string, given: object, known: readonly string[]): void {
    for (const name of Object.keys(given)) {
      if (known.includes(name) || Reflect.get(given, name) === undefined) continue;
      const closest = findClosest(name, known);
      const hint = closest === undefined ? '' : `: did you mean \`${prefix}${closest}\`?`;
      this.faults.push(`\`${prefix}${name}\` is not an option${hint}`);
    }
  }
}

/** Never the value, which may be a secret. */
function describe(option: unknown): string {
  if (option === null) return 'null';
  if (Array.isArray(option)) return 'a list with other members';
  return `of type ${typeof option}`;
}

/** The known name that most likely was meant: at most a third of its letters differ. */
function findClosest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((candidate) => ({
      candidate,
      distance: countEdits(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .sort((a, b) => a.distance - b.distance);
  return best && best.distance <= best.candidate.length / 3 ? best.candidate : undefined;
}

/** Levenshtein's distance. The names are bounded, because they come from the configuration. */
function countEdits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
