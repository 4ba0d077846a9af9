const ANY_TEXT = '…';

/**
 * Whether a command printed what a document shows. `…` stands for any text; JSON is compared by structure, where a
 * member that is `"…"` may be anything. Spaces at the ends of lines do not count.
 */
export function matchesDocument(expected: string, printed: string): boolean {
  const [wanted, got] = [parseJson(expected), parseJson(printed)];
  if (wanted && got) return isSameValue(wanted.value, got.value);
  return isSameText(trimLines(expected), trimLines(printed));
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function isSameValue(expected: unknown, got: unknown): boolean {
  if (expected === ANY_TEXT) return got !== undefined;
  if (typeof expected === 'string') return typeof got === 'string' && isSameText(expected, got);
  if (!isObject(expected) || !isObject(got)) return expected === got;
  if (Array.isArray(expected) !== Array.isArray(got)) return false;
  const members = new Map(Object.entries(got));
  return (
    Object.keys(expected).length === members.size &&
    Object.entries(expected).every(([name, value]) => isSameValue(value, members.get(name)))
  );
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function isSameText(expected: string, got: string): boolean {
  const parts = expected.split(ANY_TEXT).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`).test(got);
}

const trimLines = (text: string): string => text.replace(/[ \t\r]+$/gm, '').trim();
