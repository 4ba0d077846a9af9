import type { Texts } from './texts/en.js';

type PageErrorKind = keyof Texts['errors'];

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

/** A page that says so is the answer: there is nobody else to whom the error could be told. */
export class PageError extends Error {
  override readonly name = 'PageError';

  constructor(readonly kind: PageErrorKind) {
    super(`answered by the page ${kind}`);
  }
}

/** The page that fits a status best. */
export function findKindByStatus(status: number): PageErrorKind {
  const exact = Object.entries(PAGE_ERRORS).find(([, value]) => value === status)?.[0];
  const fallback = status < 500 ? 'invalidRequest' : 'fault';
  return isPageErrorKind(exact) ? exact : fallback;
}

const isPageErrorKind = (word: string | undefined): word is PageErrorKind =>
  word !== undefined && word in PAGE_ERRORS;
