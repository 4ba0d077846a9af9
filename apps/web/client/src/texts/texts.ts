import { Formats } from '../format.js';
import type { RequestError } from '../request.js';
import type { Texts } from './en.js';
import { selectLanguage } from './language.js';

const selected = selectLanguage(navigator.languages);

/** The texts of this page. A browser whose language changes loads the page again. */
export const { texts } = selected;
export const formats = new Formats(selected.locale);

const BY_STATUS: Readonly<Record<number, keyof Texts['problems']>> = {
  0: 'noAnswer',
  401: 'signInRequired',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  412: 'conflict',
  429: 'tooMany',
};

/** An error in words. */
export function describeError({ status }: RequestError): string {
  const name = BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'other');
  return texts.problems[name];
}
