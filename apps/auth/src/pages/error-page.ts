import { isLoopbackHost, removeTrailingSlash } from '@gatehouse/service-kit';
import type { AuthConfig } from '../auth.config.js';
import { toLogText } from '../platform/request-text.js';
import { html, type Html } from './html.js';
import { ACCOUNT_FORMS, findBasePath, readTextField, toAccountPath } from './page-context.js';
import { renderDocument } from './page.js';
import type { Texts } from './texts/en.js';

export type PageErrorKind = keyof Texts['errors'];

/** The client to which the user can go back. */
export interface ReturnAddress {
  readonly href: string;
  /** The client's name. */
  readonly client: string;
}

/** The parameter for which a request was refused. */
export interface RefusedParameter {
  readonly name: string;
  readonly fault?: 'missing' | 'repeated' | 'invalid';
  /** The values that the check compared. Pages show them in development only. */
  readonly presented?: string | undefined;
  readonly registered?: readonly string[];
}

/** What the user reads on an error page, and where its link leads. */
export interface ErrorPageState {
  readonly kind: PageErrorKind;
  readonly issuer: string;
  readonly request: {
    readonly id: string;
    readonly method: string;
    readonly url: string;
    readonly body: unknown;
  };
  readonly returnTo?: ReturnAddress | undefined;
  readonly parameter?: RefusedParameter | undefined;
  /** Whether the page may show the values of the parameter. */
  readonly showsValues?: boolean;
  /** The origin that sent the form, if the browser names it. */
  readonly foreignOrigin?: string | undefined;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
}

interface PageLink {
  readonly href: string;
  readonly text: string;
}

/** @returns headers and body; every error page has a link with which the user can continue */
export function renderErrorPage(texts: Texts, state: ErrorPageState) {
  const { kind, issuer, retryAfter, request } = state;
  const { title, text } = texts.errors[kind];
  const { href, text: label } = findWayOn(texts, state);
  return renderDocument(texts, {
    title,
    main: html`<h1>${title}</h1>
      <p>${text}</p>
      ${state.parameter && renderRefusedParameter(texts, state.parameter, state.showsValues)}
      ${
        kind === 'foreignOrigin' &&
        html`<p>${texts.origins(state.foreignOrigin, new URL(issuer).origin)}</p>`
      }
      ${
        retryAfter !== undefined &&
        html`<p>${texts.retryIn(formatDuration(retryAfter, texts.language))}</p>`
      }
      ${kind === 'fault' && html`<p class="quiet">${texts.reference(request.id)}</p>`}
      <a class="button plain" id="way-on" href="${href}">${label}</a>`,
  });
}

/** Whether the caller is the developer: not in production, and at an address that other devices cannot reach. */
export const isDevelopment = ({ NODE_ENV, ISSUER }: Pick<AuthConfig, 'NODE_ENV' | 'ISSUER'>) =>
  NODE_ENV !== 'production' && isLoopbackHost(new URL(ISSUER).hostname);

/** Entries of a list that a page shows. */
const MAX_SHOWN_VALUES = 10;

/** @param showsValues {@link isDevelopment} */
export function renderRefusedParameter(
  { parameter: texts }: Texts,
  { name, fault, presented, registered = [] }: RefusedParameter,
  showsValues = false,
): Html {
  const shown = registered.slice(0, MAX_SHOWN_VALUES).map(toLogText);
  return html`${fault && html`<p class="quiet">${texts[fault](name)}</p>`}
  ${
    showsValues &&
    presented !== undefined &&
    html`<dl class="values">
        <dt>${texts.presented(name)}</dt>
        <dd>${toLogText(presented)}</dd>
        <dt>${texts.registered(name)}</dt>
        ${shown.map((value) => html`<dd>${value}</dd>`)}
        ${shown.length === 0 && html`<dd>${texts.none}</dd>`}
        ${registered.length > shown.length && html`<dd>…</dd>`}
      </dl>
      <p class="hint">${texts.developmentOnly}</p>`
  }`;
}

type FindLink = (texts: Texts['ways'], state: ErrorPageState) => PageLink | undefined;

const retry: FindLink = ({ retry: text }, { issuer, request }) => ({
  href: `${findBasePath({ ISSUER: issuer })}${findPageUrl(request)}`,
  text,
});

/** Other kinds link to the account page. */
const WAYS_ON: Readonly<Partial<Record<PageErrorKind, FindLink>>> = {
  expired: ({ backTo }, { returnTo: to }) => to && { href: to.href, text: backTo(to.client) },
  invalidTicket: ({ signIn: text }, { issuer }) => ({
    href: `${findBasePath({ ISSUER: issuer })}/login`,
    text,
  }),
  foreignForm: (ways, state) => retry({ ...ways, retry: ways.reopen }, state),
  foreignOrigin({ openAt }, { issuer, request }) {
    const url = removeTrailingSlash(issuer);
    const page = findPageUrl(request);
    return { href: `${url}${page}`, text: openAt(`${url}${page.replace(/\?.*/, '')}`) };
  },
  busy: retry,
  unavailable: retry,
  fault: retry,
};

const findWayOn = (texts: Texts, state: ErrorPageState): PageLink =>
  WAYS_ON[state.kind]?.(texts.ways, state) ?? {
    href: `${findBasePath({ ISSUER: state.issuer })}/account`,
    text: texts.ways.account,
  };

/** The pages whose forms have the path of the page. The other forms are on the account page. */
const PAGES_WITH_OWN_FORM = [
  ...['/login', '/register', '/consent', '/select-account', '/forgot-password'],
  ...ACCOUNT_FORMS.map(toAccountPath),
];
const TICKET = /^[\w.-]{1,12500}$/;

/**
 * The path and query of the page that has the form of the request; the URL of the request itself unless it is a form.
 * `//host` would be a link to another host.
 */
export function findPageUrl({
  method,
  url,
  body,
}: Pick<ErrorPageState['request'], 'method' | 'url' | 'body'>): string {
  if (method !== 'POST') return /^\/(?![/\\])/.test(url) ? url : '/account';
  return findPageOfForm(url.split('?')[0] ?? '', readTextField(body, 'ticket') ?? '');
}

function findPageOfForm(path: string, ticket: string): string {
  if (path.startsWith('/oauth/logout')) return '/oauth/logout';
  if (!PAGES_WITH_OWN_FORM.includes(path)) return '/account';
  if (TICKET.test(ticket)) return `${path}?ticket=${ticket}`;
  // The consent page needs an authorization request.
  return path === '/consent' ? '/account' : path;
}

/** Two minutes and more are shown in minutes. */
const SECONDS_SHOWN = 120;

/** A duration in words, such as `2 seconds`. */
export function formatDuration(seconds: number, language: string): string {
  const [amount, unit] =
    seconds < SECONDS_SHOWN ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(
    amount,
  );
}
