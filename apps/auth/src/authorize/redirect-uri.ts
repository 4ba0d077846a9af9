import { LONGEST_URI } from '../clients/registrable-uri.js';

/** `http` at a loopback address; the port stands apart, for it is free (RFC 8252 §7.3). `localhost` is not one (§8.3). */
const LOOPBACK = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::(\d{1,5}))?((?:\/.*)?)$/;

/**
 * Whether a redirect URI is one of those registered: the same text, to the character (RFC 9700 §2.1). Native apps take
 * whichever port of the loopback address is free as they start.
 */
export function isRegistered(
  uri: string,
  {
    redirectUris,
    isPublic,
  }: { readonly redirectUris: readonly string[]; readonly isPublic: boolean },
): boolean {
  if (uri.length > LONGEST_URI) return false;
  if (redirectUris.includes(uri)) return true;
  const withoutPort = isPublic ? loopbackWithoutPort(uri) : undefined;
  return (
    withoutPort !== undefined &&
    redirectUris.some((one) => loopbackWithoutPort(one) === withoutPort)
  );
}

function loopbackWithoutPort(uri: string): string | undefined {
  const [, address, port = '80', rest] = LOOPBACK.exec(uri) ?? [];
  return address !== undefined && Number(port) <= 65_535 ? `${address}${rest}` : undefined;
}
