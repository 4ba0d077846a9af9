import type { BrowserSession } from '../sessions/browser-session.entity.js';
import type { Interaction } from './interaction.service.js';
import type { Texts } from './texts/en.js';

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

  /** @param action path that receives the form */
  createFormToken(action: string): string;

  /** Whether this server made the received form for this browser, this session and this authorization request. */
  hasValidFormToken(action: string): boolean;
}

/** The page context of each HTTP request. */
export const pageContexts = new WeakMap<object, PageContext>();
