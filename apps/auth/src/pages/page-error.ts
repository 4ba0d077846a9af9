import type { Texts } from './texts/en.js';

type PageErrorKind = keyof Texts['errors'];

/** HTTP status of each error page. */
export const PAGE_ERRORS: Readonly<Record<PageErrorKind, number>> = {
  invalidRequest: 400,
  untrustedClient: 400,
  expired: 400,
  foreignForm: 403,
  notFound: 404,
  busy: 429,
  fault: 500,
  unavailable: 503,
};

/** An error that the user sees as a page, because the server cannot report it to a client. */
export class PageError extends Error {
  override readonly name = 'PageError';

  constructor(readonly kind: PageErrorKind) {
    super(`page error: ${kind}`);
  }
}

/** The first error with exactly this status; otherwise the general error of its class. */
export function findKindByStatus(status: number): PageErrorKind {
  const exact = Object.entries(PAGE_ERRORS).find(([, value]) => value === status)?.[0];
  const fallback = status < 500 ? 'invalidRequest' : 'fault';
  return isPageErrorKind(exact) ? exact : fallback;
}

const isPageErrorKind = (word: string | undefined): word is PageErrorKind =>
  word !== undefined && Object.hasOwn(PAGE_ERRORS, word);
