import { createCookieBase, parseUrl, removeTrailingSlash } from '@gatehouse/service-kit';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { AuthConfig } from '../auth.config.js';

/** The parts of a request for a page that tell which address the browser opened. */
export interface OpenedPage {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A redirect of the browser to the issuer's address, and the cookie that prevents a second one. */
export interface IssuerRedirect {
  readonly location: string;
  readonly cookie: string;
}

/** In seconds. A proxy that hides the host would otherwise cause an endless redirect. */
const REPEAT_PAUSE = 10;

/**
 * Forms and cookies of the pages work at the issuer's origin only. A user who opens a page at another name of the same server,
 * such as 127.0.0.1 for localhost, is sent to the same page there. Only the host from the request is compared; the location
 * always begins with the issuer.
 *
 * @returns undefined unless the browser certainly opened another host
 */
export function findIssuerRedirect(
  page: OpenedPage,
  config: Pick<AuthConfig, 'ISSUER' | 'TRUST_PROXY'>,
): IssuerRedirect | undefined {
  const { method, url, headers } = page;
  const isPage = (method === 'GET' || method === 'HEAD') && url.startsWith('/');
  if (!isPage || !isNavigation(headers) || !hasOpenedOtherHost(headers, config)) return undefined;
  const { name, ...attributes } = createCookieBase(config.ISSUER, 'redirected');
  if (parseCookie(String(headers['cookie'] ?? ''))[name] !== undefined) return undefined;
  return {
    location: `${removeTrailingSlash(config.ISSUER)}${url}`,
    cookie: stringifySetCookie({
      ...attributes,
      name,
      value: '1',
      maxAge: REPEAT_PAUSE,
      sameSite: 'lax',
    }),
  };
}

/** Whether a browser shows the answer to the user (Fetch Metadata §2.2). A browser without these headers does not tell. */
export const isNavigation = (headers: OpenedPage['headers']): boolean =>
  headers['sec-fetch-site'] === undefined || headers['sec-fetch-mode'] === 'navigate';

function hasOpenedOtherHost(
  headers: OpenedPage['headers'],
  { ISSUER, TRUST_PROXY }: Pick<AuthConfig, 'ISSUER' | 'TRUST_PROXY'>,
): boolean {
  const issuer = new URL(ISSUER);
  if (!TRUST_PROXY) return isOtherLocalName(readHeader(headers, 'host'), issuer);
  const forwarded = readHeader(headers, 'x-forwarded-host').split(',');
  return forwarded.every((host) => isOtherHost(readHost(host.trim(), issuer), issuer));
}

const readHeader = (headers: OpenedPage['headers'], name: string): string =>
  String(headers[name] ?? '');

const isOtherHost = (opened: URL | undefined, issuer: URL): boolean =>
  opened !== undefined && opened.host !== issuer.host;

/** An unknown proxy may have replaced the host. There is one for https and for a path, and it has another port. */
function isOtherLocalName(host: string, issuer: URL): boolean {
  if (issuer.protocol !== 'http:' || issuer.pathname !== '/') return false;
  const opened = readHost(host, issuer);
  return isOtherHost(opened, issuer) && opened?.port === issuer.port;
}

const HOST = /^[\w.:[\]-]{1,255}$/;

/** @returns undefined if the text is not a host with an optional port (RFC 9110 §7.2) */
const readHost = (text: string, { protocol }: URL): URL | undefined =>
  HOST.test(text) ? parseUrl(`${protocol}//${text}`) : undefined;
