const ANY = '…';

/**
 * Whether a command printed what a document shows. `…` stands for any text; JSON is compared by structure, where a
 * member that is `"…"` may be anything. Spaces at the ends of lines do not count.
 */
export function agrees(expected: string, printed: string): boolean {
  const [wanted, got] = [parsed(expected), parsed(printed)];
  if (wanted && got) return sameValue(wanted.value, got.value);
  return sameText(tidy(expected), tidy(printed));
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function sameValue(expected: unknown, got: unknown): boolean {
  if (expected === ANY) return got !== undefined;
  if (typeof expected === 'string') return typeof got === 'string' && sameText(expected, got);
  if (!isObject(expected) || !isObject(got)) return expected === got;
  if (Array.isArray(expected) !== Array.isArray(got)) return false;
  const members = new Map(Object.entries(got));
  return (
    Object.keys(expected).length === members.size &&
    Object.entries(expected).every(([name, value]) => sameValue(value, members.get(name)))
  );
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function sameText(expected: string, got: string): boolean {
  const parts = expected.split(ANY).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`).test(got);
}

const tidy = (text: string): string => text.replace(/[ \t\r]+$/gm, '').trim();
