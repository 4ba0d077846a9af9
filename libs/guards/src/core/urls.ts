/** Not by `URL.canParse`: once Node 20 has compiled a caller, it answers false for any text with a letter such as ü. */
export function parseHttpUrl(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Inserts the well-known part between host and path (RFC 8414 §3.1, RFC 9728 §3.1). */
export function buildWellKnownUrl(identifier: URL, suffix: string): string {
  const { origin, pathname, search } = identifier;
  return `${origin}/.well-known/${suffix}${pathname.replace(/\/$/, '')}${search}`;
}

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Why keys must not be fetched from this URL, as the end of a sentence. Undefined if they may. */
export function findUrlFault(
  text: string,
  { dangerouslyAllowInsecureHttp }: { readonly dangerouslyAllowInsecureHttp: boolean },
): string | undefined {
  const url = parseHttpUrl(text);
  if (!url) return 'must be an absolute https URL (or set `jwksUri`)';
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return 'must be a URL without credentials and fragment';
  }
  if (url.protocol === 'https:' || dangerouslyAllowInsecureHttp) return undefined;
  if (LOOPBACK_HOST.test(url.hostname)) return undefined;
  return 'must use https: plain http is for loopback hosts, or set `dangerouslyAllowInsecureHttp`';
}
