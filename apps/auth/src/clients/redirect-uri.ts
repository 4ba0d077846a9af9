import { isLoopbackLiteral, parseUrl, removeLoopbackPort } from '@gatehouse/service-kit';

/**
 * Whether a redirect URI is registered for the client, character by character (RFC 9700 §2.1). Only the port of a loopback
 * address may differ for a public client, because a native app listens on any free port.
 */
export function isRegisteredRedirectUri(
  uri: string,
  {
    redirectUris,
    isPublic,
  }: { readonly redirectUris: readonly string[]; readonly isPublic: boolean },
): boolean {
  if (uri.length > MAX_URI_LENGTH) return false;
  if (redirectUris.includes(uri)) return true;
  const withoutPort = isPublic ? removeLoopbackPort(uri) : undefined;
  return (
    withoutPort !== undefined && redirectUris.some((one) => removeLoopbackPort(one) === withoutPort)
  );
}

/** The characters of RFC 3986 §2, without `#`. */
const URI_PATTERN = /^[\w\-.~:/?[\]@!$&'()*+,;=%]+$/;
/** The longest redirect URI, in characters, that an authorization code and the token endpoint accept. */
export const MAX_URI_LENGTH = 2000;

/**
 * Checks a URI to which the server would redirect a browser with a code, or after a logout.
 *
 * @returns why the URI is rejected, as the end of a sentence; undefined if it is accepted
 */
export function findRedirectUriFault(text: string): string | undefined {
  if (text.length > MAX_URI_LENGTH) return `must have at most ${MAX_URI_LENGTH} characters`;
  // "The endpoint URI MUST NOT include a fragment component" (RFC 6749 §3.1.2).
  if (text.includes('#')) return 'must not have a fragment';
  const url = URI_PATTERN.test(text) ? parseUrl(text) : undefined;
  if (!url) return 'must be an absolute URI';
  return /^https?:$/.test(url.protocol)
    ? findHttpUriFault(text, url)
    : findPrivateSchemeFault(url.protocol);
}

/** A name without a dot is a host of the private network that the server itself is in, as in Compose and Kubernetes. */
const PRIVATE_HOST = /^http:\/\/[a-z][a-z\d-]*(?=[:/?]|$)/;

/**
 * Checks a URI to which the server would send logout tokens (OpenID Connect Back-Channel Logout §2.2).
 *
 * @returns why the URI is rejected, as the end of a sentence; undefined if it is accepted
 */
export const findLogoutUriFault = (text: string): string | undefined =>
  /^https?:/.test(text) && !findRedirectUriFault(text.replace(PRIVATE_HOST, 'http://localhost'))
    ? undefined
    : 'must be https:, or http: at a loopback address or a host name without a dot, and have no fragment or user information';

function findHttpUriFault(text: string, { protocol, hostname, username, password }: URL) {
  if (!text.startsWith(`${protocol}//`)) return 'must be an absolute URI';
  if (username || password) return 'must not have user information';
  // Redirect URIs are compared character by character, so a wildcard would match nothing.
  if (hostname.includes('*')) return 'must not have a wildcard';
  const isSecure = protocol === 'https:' || hostname === 'localhost' || isLoopbackLiteral(hostname);
  return isSecure ? undefined : 'must be https:, or http: at a loopback address (RFC 8252 §7.3)';
}

/** "… a URI scheme based on a domain name under their control, expressed in reverse order" (RFC 8252 §7.1). */
const findPrivateSchemeFault = (protocol: string): string | undefined =>
  /^[a-z][a-z\d+-]*(\.[a-z\d+-]+)+:$/.test(protocol)
    ? undefined
    : 'must be https:, or of a scheme that is a reversed domain name (RFC 8252 §7.1)';

/** `scheme://host` with an optional port, as a browser writes it in `Origin` (RFC 6454 §6.2). */
const ORIGIN_PATTERN = /^[a-z][a-z\d+.-]*:\/\/([a-z\d.-]+|\[[\da-f:]+\])(:\d{1,5})?$/;
/** Schemes of content that belongs to no application. */
const SHARED_SCHEME = /^(about|blob|data|file|filesystem|ftp|javascript|wss?):/;
/** The hosts of these names are on the device itself (RFC 6761 §6.3). Frameworks for apps serve their pages there. */
const LOCAL_HOST = /(^|\.)localhost$/;

/**
 * Checks an origin whose scripts may read the answers of the token endpoint.
 *
 * @returns why the origin is rejected, as the end of a sentence; undefined if it is accepted
 */
export function findOriginFault(text: string): string | undefined {
  // Every sandboxed page and every local file has the origin "null".
  if (text === 'null') return 'must not be null: pages of an attacker have this origin too';
  if (text.includes('*')) return 'must not have a wildcard: give each origin';
  const url = parseUrl(text);
  if (!url) return ORIGIN_FORM;
  if (/^https?:$/.test(url.protocol)) return findHttpOriginFault(text, url);
  return ORIGIN_PATTERN.test(text) && !SHARED_SCHEME.test(text) ? undefined : ORIGIN_FORM;
}

function findHttpOriginFault(text: string, { protocol, hostname, origin }: URL) {
  if (text !== origin) return `${ORIGIN_FORM}, such as ${origin}`;
  const isSecure =
    protocol === 'https:' || isLoopbackLiteral(hostname) || LOCAL_HOST.test(hostname);
  return isSecure
    ? undefined
    : 'must be https:, http: on the device itself, or the scheme of an app';
}

const ORIGIN_FORM =
  'must be the origin of a page or an app: scheme, host and port in lower case, without a path';
