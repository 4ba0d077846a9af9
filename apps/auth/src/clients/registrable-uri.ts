/** The characters of RFC 3986 §2, of which a fragment needs one more. */
const URI = /^[\w\-.~:/?[\]@!$&'()*+,;=%]+$/;
/** As many characters of a redirect URI as an authorization code and the token endpoint take. */
export const LONGEST_URI = 2000;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Whether browsers may be sent to an address with a code, or after a logout.
 *
 * @returns what is wrong with it, as the end of a sentence
 */
export function faultOfUri(text: string): string | undefined {
  if (text.length > LONGEST_URI) return `must have at most ${LONGEST_URI} characters`;
  // "The endpoint URI MUST NOT include a fragment component" (RFC 6749 §3.1.2).
  if (text.includes('#')) return 'must not have a fragment';
  if (!URI.test(text) || !URL.canParse(text)) return 'must be an absolute URI';
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) ? faultOfAddress(text, url) : faultOfScheme(url.protocol);
}

function faultOfAddress(text: string, { protocol, hostname, username, password }: URL) {
  if (!text.startsWith(`${protocol}//`)) return 'must be an absolute URI';
  if (username || password) return 'must not have user information';
  // Compared as they are: a wildcard would match nothing, and look as if it did.
  if (hostname.includes('*')) return 'must not have a wildcard';
  const isSecure = protocol === 'https:' || LOOPBACK.includes(hostname);
  return isSecure ? undefined : 'must be https:, or http: at a loopback address (RFC 8252 §7.3)';
}

/** "… a URI scheme based on a domain name under their control, expressed in reverse order" (RFC 8252 §7.1). */
const faultOfScheme = (protocol: string): string | undefined =>
  /^[a-z][a-z\d+-]*(\.[a-z\d+-]+)+:$/.test(protocol)
    ? undefined
    : 'must be https:, or of a scheme that is a reversed domain name (RFC 8252 §7.1)';
