import { removeTrailingSlash, type RequestArrival } from '@gatehouse/service-kit';
import type { AuthConfig } from '../auth.config.js';
import type { BrowserSession } from '../sessions/browser-session.entity.js';
import type { Interaction } from './interaction.service.js';
import type { Texts } from './texts/en.js';

/** `outdated`: made for this browser and this authorization request, but the session of the browser changed since. */
export type FormTokenState = 'valid' | 'outdated' | 'foreign';

/** The pages below `/account` with a form of their own. */
export const ACCOUNT_FORMS = ['email', 'password', 'delete'] as const;
export type AccountForm = (typeof ACCOUNT_FORMS)[number];

/** The path of a form, or of the account page. */
export const toAccountPath = (form: AccountForm | undefined): string =>
  form === undefined ? '/account' : `/account/${form}`;

/** What the server knows about the request for a page. */
export interface PageContext {
  readonly browserSession: BrowserSession | undefined;
  /** The authorization request that waits for the user; none if the user opened the page directly. */
  readonly interaction: Interaction | undefined;
  /** The interaction as the browser carries it. */
  readonly ticket: string | undefined;
  readonly texts: Texts;
  /** The path of the issuer, which precedes every path of this server; empty for most issuers. */
  readonly base: string;
  /** `Cookie`. */
  readonly cookie: string | undefined;
  /** `Set-Cookie` headers for the next page. */
  readonly cookies: readonly string[];
  readonly userAgent: string | undefined;
  readonly ip: string;
  /** Of a form. */
  readonly arrival: RequestArrival | undefined;

  /** @param action path that receives the form */
  createFormToken(action: string): string;

  /** Whether this server made the received form for this browser, this session and this authorization request. */
  checkFormToken(action: string): FormTokenState;
}

/** The page context of each HTTP request. */
export const pageContexts = new WeakMap<object, PageContext>();

/** The path of the issuer without a slash at the end. */
export const findBasePath = ({ ISSUER }: Pick<AuthConfig, 'ISSUER'>): string =>
  removeTrailingSlash(new URL(ISSUER).pathname);

/** @returns `undefined` if the field is missing, was sent twice, or is not text */
export function readTextField(fields: unknown, name: string): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  const value: unknown = new Map(Object.entries(fields)).get(name);
  return typeof value === 'string' ? value : undefined;
}
