import { createHash } from 'node:crypto';
import { html, Html } from './html.js';
import type { PageContext } from './page-context.js';
import type { Texts } from './texts/en.js';

/** Colours have a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3). */
const STYLESHEET = Html.fromFile(new URL('stylesheet.css', import.meta.url));

/** Each page contains the whole stylesheet, so one response is the whole page. */
// prettier-ignore
const STYLE = html`<style>${STYLESHEET}</style>`;

/** For `style-src`: the hash of the exact text between the tags (CSP 3 §2.3.1). */
const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLESHEET.toString()).digest('base64')}'`;

export interface PageContent {
  readonly title: string;
  readonly main: Html;
  /** 200 by default. */
  readonly status?: number;
  /** For pages with lists. */
  readonly isWide?: boolean;
  /** Whether a form of this page can lead to a client in the end. Then the page has no `form-action` (decision 25). */
  readonly formsLeadToClient?: boolean;
}

/** The response with a page. */
export function renderPage(
  context: Pick<PageContext, 'texts' | 'cookies'>,
  content: PageContent,
): Response {
  const { body, headers } = renderDocument(context.texts, content);
  const cookies = context.cookies.map((cookie): [string, string] => ['set-cookie', cookie]);
  const { status = 200 } = content;
  return new Response(body, { status, headers: [...Object.entries(headers), ...cookies] });
}

/** The redirect after an accepted form: 303, so that the browser does not send the form with its password again (RFC 9700 §4.12). */
export function seeOther(location: string, cookies: readonly string[] = []): Response {
  const headers = [
    ['location', location],
    ['cache-control', 'no-store'],
    ...cookies.map((cookie) => ['set-cookie', cookie]),
  ];
  return new Response(null, { status: 303, headers: headers.map(([n = '', v = '']) => [n, v]) });
}

/** A URL path of this server that carries the ticket of the waiting authorization request. */
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

/** The endpoint that evaluates the authorization request again, with the user's new answers in the ticket. */
export const buildContinueUrl = (context: PageContext, ticket: string | undefined): string =>
  buildPageUrl('/oauth/authorize/continue', { ...context, ticket });

/** @returns headers and body of a page; an exception filter writes them without a `Response` */
export function renderDocument(texts: Texts, content: PageContent) {
  const headers: Record<string, string> = {
    'content-type': 'text/html; charset=utf-8',
    'content-language': texts.language,
    'content-security-policy': buildContentSecurityPolicy(content.formsLeadToClient),
    // A proxy that rewrites e-mail addresses or adds scripts would break the page (RFC 9111 §5.2.2.6).
    'cache-control': 'no-store, no-transform',
    // Other sites get no URL of this server. With no-referrer, browsers would send `Origin: null` with this server's own forms.
    'referrer-policy': 'same-origin',
  };
  return { headers, body: renderHtml(texts, content).toString() };
}

/** Browsers check every redirect after a form against `form-action`, also the redirects of the client (CSP 3 §6.4.1). */
function buildContentSecurityPolicy(formsLeadToClient = false): string {
  const formAction = formsLeadToClient ? '' : " form-action 'self';";
  return `default-src 'none'; style-src ${STYLE_HASH};${formAction} frame-ancestors 'none'; base-uri 'none'`;
}

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
export const LOGO = html`<svg
  width="22"
  height="22"
  viewBox="0 0 22 22"
  fill="none"
  aria-hidden="true"
>
  <path d="M3 20V9a8 8 0 0 1 16 0v11" stroke="currentColor" stroke-width="2" />
  <path d="M8 20v-8a3 3 0 0 1 6 0v8M1 20h20" stroke="currentColor" stroke-width="2" />
</svg>`;

export interface FormOptions {
  /** Path that receives the form. */
  readonly action: string;
  readonly content: Html;
  /** Values of hidden fields by name. */
  readonly hidden?: Readonly<Record<string, string | undefined>>;
}

/** A form with a token, so that only this browser can send it, in this session and for this authorization request. */
export function renderForm(
  context: PageContext,
  { action, content, hidden = {} }: FormOptions,
): Html {
  const fields = { form_token: context.createFormToken(action), ticket: context.ticket, ...hidden };
  return html`<form method="post" action="${context.base}${action}">
    ${Object.entries(fields).map(
      ([name, value]) =>
        value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`,
    )}
    ${content}
  </form>`;
}

export interface FieldOptions {
  /** Also the field's name. */
  readonly id: string;
  readonly label: string;
  /** `email` is a text field with the keyboard for addresses: `type=email` refuses letters outside of ASCII (RFC 6531). */
  readonly type: 'email' | 'password' | 'code';
  /** For browsers and password managers (HTML §4.10.18.7). */
  readonly autocomplete: string;
  readonly value?: string | undefined;
  readonly hint?: string | false;
  /** Error message of this field. */
  readonly error?: string | false | undefined;
  /** Id of an element elsewhere on the page that holds the error message. */
  readonly errorId?: string | undefined;
  readonly hasFocus?: boolean;
  readonly isReadOnly?: boolean;
}

const INPUT_TYPES = {
  email: html`type="text" inputmode="email" autocapitalize="none" spellcheck="false"`,
  code: html`type="text" inputmode="numeric" spellcheck="false"`,
  password: html`type="password"`,
};

export function renderField(options: FieldOptions): Html {
  const { id, label, type, autocomplete, value, hint, error, hasFocus, isReadOnly } = options;
  return html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${id}"
      ${INPUT_TYPES[type]}
      autocomplete="${autocomplete}"
      value="${value}"
      required
      ${renderAriaAttributes(options)}
      ${hasFocus && html`autofocus`}
      ${isReadOnly && html`readonly`}
    />
    ${error && html`<p class="error" id="${id}-error" role="alert">${error}</p>`}
    ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}`;
}

/** Screen readers read the hint and the error with the field (WCAG 2.2, 3.3.1). */
function renderAriaAttributes({ id, hint, error, ...rest }: FieldOptions): Html {
  const errorId = error ? `${id}-error` : rest.errorId;
  const ids = [errorId, hint && `${id}-hint`].filter(Boolean).join(' ');
  return html`${ids && html`aria-describedby="${ids}"`} ${errorId && html`aria-invalid="true"`}`;
}
