import { html, type Html } from './html.js';
import { STYLE, STYLE_HASH } from './stylesheet.js';
import type { Texts } from './texts/en.js';
import type { PageContext } from './page-context.js';

export interface PageContent {
  readonly title: string;
  readonly main: Html;
  /** 200 by default. */
  readonly status?: number;
  /** For lists. */
  readonly isWide?: boolean;
  /** The redirect URI that a form of this page leads to in the end. */
  readonly formRedirectUri?: string | undefined;
}

/** The answer to a request for a page. */
export function renderPage(
  visitor: Pick<PageContext, 'texts' | 'cookies'>,
  content: PageContent,
): Response {
  const { body, headers } = renderDocument(visitor.texts, content);
  const cookies = visitor.cookies.map((cookie): [string, string] => ['set-cookie', cookie]);
  const { status = 200 } = content;
  return new Response(body, { status, headers: [...Object.entries(headers), ...cookies] });
}

/** After a form that was taken: 303, so that the browser does not send it, and a password in it, again (RFC 9700 §4.12). */
export function seeOther(location: string, cookies: readonly string[] = []): Response {
  const headers = [
    ['location', location],
    ['cache-control', 'no-store'],
    ...cookies.map((cookie) => ['set-cookie', cookie]),
  ];
  return new Response(null, { status: 303, headers: headers.map(([n = '', v = '']) => [n, v]) });
}

/** An address of ours that keeps to the request that the visitor came for. */
export function buildPageUrl(
  path: string,
  { base, ticket }: Pick<PageContext, 'base' | 'ticket'>,
  parameters: Readonly<Record<string, string | undefined>> = {},
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ticket, ...parameters })) {
    if (value !== undefined) query.append(name, value);
  }
  return `${base}${path}${query.size > 0 ? `?${query.toString()}` : ''}`;
}

/** Where the authorization request is looked at again, with what the person has done since. */
export const buildContinueUrl = (visitor: PageContext, ticket: string | undefined): string =>
  buildPageUrl('/oauth/authorize/continue', { ...visitor, ticket });

/** @returns the whole answer but its status: what a filter writes itself */
export function renderDocument(texts: Texts, content: PageContent) {
  const headers: Record<string, string> = {
    'content-type': 'text/html; charset=utf-8',
    'content-language': texts.language,
    'content-security-policy': buildContentSecurityPolicy(content.formRedirectUri),
    'cache-control': 'no-store',
    // Nobody else is told an address of ours; with no-referrer browsers would call the origin of our own forms "null".
    'referrer-policy': 'same-origin',
  };
  return { headers, body: renderHtml(texts, content).toString() };
}

/** Browsers hold a redirect that follows a form against `form-action`, so it names where the form leads in the end. */
function buildContentSecurityPolicy(leadsTo: string | undefined): string {
  const target = leadsTo === undefined ? '' : ` ${toCspSource(new URL(leadsTo))}`;
  return `default-src 'none'; style-src ${STYLE_HASH}; form-action 'self'${target}; frame-ancestors 'none'; base-uri 'none'`;
}

/** An app's own scheme has no origin, and a source expression knows no IPv6 address (CSP 3 §2.3.1). */
export const toCspSource = ({ origin, protocol, hostname }: URL): string =>
  origin === 'null' || hostname.startsWith('[') ? protocol : origin;

const renderHtml = ({ language }: Texts, { title, main, isWide = false }: PageContent): Html =>
  html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Gatehouse</title>
        ${STYLE}
      </head>
      <body>
        <header>${LOGO} Gatehouse</header>
        <main class="${isWide && 'wide'}">${main}</main>
      </body>
    </html>`;

/** A gate. */
const LOGO = html`<svg width="22" height="22" viewBox="0 0 22 22" fill="none" aria-hidden="true">
  <path d="M3 20V9a8 8 0 0 1 16 0v11" stroke="currentColor" stroke-width="2" />
  <path d="M8 20v-8a3 3 0 0 1 6 0v8M1 20h20" stroke="currentColor" stroke-width="2" />
</svg>`;
