import { parseUrl } from '@gatehouse/service-kit';

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
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return '/';
  if (!/^\/(?!\/)/.test(text) || FORBIDDEN.test(text) || OWN_ROUTES.test(text)) return '/';
  const url = parseUrl(publicUrl + text);
  return url?.origin === publicUrl ? url.pathname + url.search + url.hash : '/';
}
