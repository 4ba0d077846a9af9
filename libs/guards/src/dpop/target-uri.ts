import { parseHttpUrl } from '../core/bounded-fetch.js';

/** `http` or `https`, an authority without user information, and no character that parsers treat differently. */
const HTTP_URI = /^https?:\/\/[^/?#@\\]+(?:[/?#][\x21-\x5b\x5d-\x7e]*)?$/i;

const UNRESERVED = /[\w\-.~]/;

/**
 * Compares two URIs after syntax-based and scheme-based normalisation (RFC 3986 §6.2.2, §6.2.3), without query and
 * fragment (RFC 9449 §4.3).
 */
export function isSameTarget(htu: string, requestUri: string): boolean {
  if (htu === requestUri) return isHttpUri(htu);
  const target = normalizeTarget(htu);
  return target !== undefined && target === normalizeTarget(requestUri);
}

/** Undefined unless the text is an http(s) URI. */
export function normalizeTarget(uri: string): string | undefined {
  if (!isHttpUri(uri)) return undefined;
  // URL normalises the case of scheme and host, the default port, an empty path, and dot segments, also escaped ones.
  const { origin, pathname } = new URL(uri);
  return origin + pathname.replace(/%[\da-f]{2}/gi, normalizeEscape);
}

function isHttpUri(uri: string): boolean {
  return HTTP_URI.test(uri) && parseHttpUrl(uri) !== undefined;
}

/** RFC 3986 §6.2.2.1, §6.2.2.2. */
function normalizeEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return UNRESERVED.test(character) ? character : escape.toUpperCase();
}
