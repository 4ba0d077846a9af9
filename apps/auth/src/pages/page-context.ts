import type { BrowserSession } from '../sessions/browser-session.entity.js';
import type { Interaction } from './interaction.service.js';
import type { Texts } from './texts/en.js';

/** Who looks at a page, as far as their browser tells. */
export interface PageContext {
  readonly browserSession: BrowserSession | undefined;
  /** The authorization request that waits for them; none where they came by themselves. */
  readonly interaction: Interaction | undefined;
  /** The interaction as it travels. */
  readonly ticket: string | undefined;
  readonly texts: Texts;
  /** What stands before every path of ours: nothing, or the path of the issuer. */
  readonly base: string;
  /** `Cookie`. */
  readonly cookie: string | undefined;
  /** `Set-Cookie` of the next page that they are shown. */
  readonly cookies: readonly string[];
  readonly userAgent: string | undefined;
  readonly ip: string;

  /** @param action path that the form is sent to */
  createFormToken(action: string): string;

  /** Whether what was sent is a form that this server made for this browser, this session and this request. */
  hasValidFormToken(action: string): boolean;
}

/** By request. */
export const pageContexts = new WeakMap<object, PageContext>();
