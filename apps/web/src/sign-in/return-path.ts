import { parseUrl } from '@gatehouse/service-kit';

/** The cookie of an attempt contains the path, and browsers drop cookies above 4096 bytes. */
const MAX_LENGTH = 512;
/** A browser reads a backslash as a slash, and drops line ends and tabs. */
const FORBIDDEN = /[\\\x00-\x20\x7f]/;
/** Pages of the server itself, which would begin another sign-in. */
const OWN_ROUTES = /^\/(sign-in|sign-out|callback|api|session)(\/|\?|$)/;

/**
 * @param text `return_to` of the request
 * @param publicUrl origin of this tool
 * @returns a path of this origin; `/` for anything else, so that a link to the sign-in cannot lead to another site
 */
export function toReturnPath(text: unknown, publicUrl: string): string {
  if (typeof text !== 'string' || !isOwnPath(text)) return '/';
  const url = parseUrl(publicUrl + text);
  if (url?.origin !== publicUrl) return '/';
  // The parser removes dot segments, so `/.//host` becomes `//host`, and it encodes letters of other scripts by up to nine characters.
  const path = url.pathname + url.search + url.hash;
  return isOwnPath(path) ? path : '/';
}

const isOwnPath = (text: string): boolean =>
  text.length <= MAX_LENGTH &&
  /^\/(?!\/)/.test(text) &&
  !FORBIDDEN.test(text) &&
  !OWN_ROUTES.test(text);
