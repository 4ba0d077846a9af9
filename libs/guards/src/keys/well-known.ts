export function httpUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) ? url : undefined;
}

/** The well-known part goes between host and path (RFC 8414 §3.1, RFC 9728 §3.1). */
export function wellKnownUrl(identifier: URL, suffix: string): string {
  const { origin, pathname, search } = identifier;
  return `${origin}/.well-known/${suffix}${pathname.replace(/\/$/, '')}${search}`;
}
