import { isLoopbackLiteral, removeLoopbackPort } from '@gatehouse/service-kit';

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
  if (!URI_PATTERN.test(text) || !URL.canParse(text)) return 'must be an absolute URI';
  const url = new URL(text);
  return /^https?:$/.test(url.protocol)
    ? findHttpUriFault(text, url)
    : findPrivateSchemeFault(url.protocol);
}

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
