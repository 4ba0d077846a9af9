import type { Texts } from './texts/en.js';

type Trouble = keyof Texts['errors'];

export const TROUBLES: Readonly<Record<Trouble, number>> = {
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

  constructor(readonly trouble: Trouble) {
    super(`answered by the page ${trouble}`);
  }
}

/** The page that fits a status best. */
export function troubleOf(status: number): Trouble {
  const exact = Object.entries(TROUBLES).find(([, value]) => value === status)?.[0];
  const fallback = status < 500 ? 'invalidRequest' : 'fault';
  return isTrouble(exact) ? exact : fallback;
}

const isTrouble = (word: string | undefined): word is Trouble =>
  word !== undefined && word in TROUBLES;
