import { isLoopbackHost } from './urls.js';

/** The attributes that all cookies of this server share. */
export interface CookieBase {
  readonly name: string;
  readonly httpOnly: true;
  readonly secure: boolean;
  readonly path: '/';
}

/**
 * Over https the name begins with `__Host-`, so that no other host of the domain can set the cookie (RFC 6265bis §4.1.3). At a
 * loopback address it ends with the port, because cookies do not isolate by port (RFC 6265 §8.5): the servers of one machine
 * would replace each other's cookies.
 */
export function createCookieBase(issuer: string, name: string): CookieBase {
  const { protocol, hostname, port } = new URL(issuer);
  const secure = protocol === 'https:';
  const suffix = isLoopbackHost(hostname) && port !== '' ? `-${port}` : '';
  return {
    name: secure ? `__Host-${name}` : `${name}${suffix}`,
    httpOnly: true,
    secure,
    path: '/',
  };
}
