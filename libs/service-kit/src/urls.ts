const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const LOOPBACK_URI = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::(\d{1,5}))?((?:\/.*)?)$/;

/** Whether requests to a host stay on this machine: `localhost`, 127.0.0.0/8 or `[::1]`. */
export const isLoopbackHost = (hostname: string): boolean => LOOPBACK_HOST.test(hostname);

/**
 * Whether a host is a loopback IP literal as in the redirect URI of a native app (RFC 8252 §7.3). `localhost` is none, because
 * a resolver can map it to another host (§8.3).
 */
export const isLoopbackLiteral = (hostname: string): boolean =>
  hostname === '127.0.0.1' || hostname === '[::1]';

/**
 * Removes the port of an http URI at a loopback IP literal. A native app listens on any free port (RFC 8252 §7.3), so such URIs
 * are compared without it.
 *
 * @returns undefined for any other URI
 */
export function removeLoopbackPort(uri: string): string | undefined {
  const [, address, port = '80', rest] = LOOPBACK_URI.exec(uri) ?? [];
  return address !== undefined && Number(port) <= 65_535 ? `${address}${rest}` : undefined;
}

/** So that a path can be appended. */
export const removeTrailingSlash = (url: string): string => url.replace(/\/$/, '');

/** Not by `URL.canParse`: once Node 20 has compiled a caller, it answers false for any text with a letter such as ü. */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
