/**
 * "Parameters sent without a value MUST be treated as if they were omitted from the request" (RFC 6749 §3.1, §3.2).
 *
 * @param sent a query, or a form: what is sent twice is an array
 */
export function withoutEmpty(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null) return sent;
  const values = Object.entries(sent).map(([name, value]) => [name, valueOf(value)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function valueOf(sent: unknown): unknown {
  if (!Array.isArray(sent)) return sent === '' ? undefined : sent;
  const values: unknown[] = sent.filter((value) => value !== '');
  return values.length > 1 ? values : values[0];
}
