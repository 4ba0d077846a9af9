/** A metric that an expression reads, and the label values that it selects. */
export interface Selector {
  /** A regular expression for the name. */
  readonly name: string;
  readonly matchers: readonly Matcher[];
}
interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const SELECTOR =
  /(?<![\w:.$])([a-z_][\w:]*)?\s*\{([^}]*)\}|(?<![\w:.$])([a-z_][\w:]*)(?!\s*[\w:({])/gi;
const MATCHER = /([\w]+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;
const KEYWORDS = new Set(['and', 'or', 'unless', 'offset', 'bool', 'Inf', 'NaN']);

/** The labels by which an expression groups. */
export const listGroupingLabels = (expression: string): readonly string[] =>
  [...expression.matchAll(GROUPING)]
    .flatMap(([, labels = '']) => labels.split(','))
    .map((label) => label.trim())
    .filter((label) => label !== '');

/** Reads the selectors of a PromQL expression that has no comments. Ranges and functions are skipped. */
export function listSelectors(expression: string): readonly Selector[] {
  const text = expression.replaceAll(GROUPING, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  return [...text.matchAll(SELECTOR)].flatMap(([, named, inBraces, bare]) => {
    if (bare !== undefined && KEYWORDS.has(bare)) return [];
    const matchers = [...(inBraces ?? '').matchAll(MATCHER)].map(
      ([, label = '', operator, value = '']) => ({
        label,
        operator: operator as Matcher['operator'],
        value,
      }),
    );
    const byName = matchers.find(({ label }) => label === '__name__')?.value;
    const name = named ?? bare ?? byName ?? '';
    return [{ name, matchers: matchers.filter(({ label }) => label !== '__name__') }];
  });
}

/** The texts that a matcher with a plain alternation selects: `a|b` selects `a` and `b`. */
export const listAlternatives = ({ operator, value }: Matcher): readonly string[] =>
  operator.endsWith('~') ? value.split('|') : [value];
