import { splitWords } from '../../platform/request-text.js';
import { de } from './de.js';
import { en, type Texts } from './en.js';

/** English is the default. */
const LANGUAGES: ReadonlyMap<string, Texts> = new Map([
  ['en', en],
  ['de', de],
]);

export const UI_LOCALES: readonly string[] = [...LANGUAGES.keys()];

/** Further language tags are ignored, because no browser sends so many. */
const MAX_LANGUAGES = 20;

/**
 * The texts in the first preferred language that this server has.
 *
 * @param uiLocales `ui_locales`: the client's preference, best language first (OpenID Connect Core §3.1.2.1)
 * @param acceptLanguage the browser's preference (RFC 9110 §12.5.4)
 */
export function selectTexts(
  uiLocales: string | undefined,
  acceptLanguage: string | undefined,
): Texts {
  const preferred = [
    ...splitWords(uiLocales ?? '').slice(0, MAX_LANGUAGES),
    ...parseAcceptLanguage(acceptLanguage),
  ];
  const known = preferred.map((tag) => LANGUAGES.get(getPrimaryLanguage(tag)));
  return known.find((texts) => texts !== undefined) ?? en;
}

/** `de-CH` matches `de` (RFC 4647 §3.4). */
const getPrimaryLanguage = (tag: string): string => (tag.split('-')[0] ?? '').toLowerCase();

/**
 * Our own parser instead of negotiator, because that library takes the first language for `*` even if a later range names a
 * language, and prefers the more specific range over the higher weight.
 */
function parseAcceptLanguage(header: string | undefined): string[] {
  return (header ?? '')
    .split(',', MAX_LANGUAGES)
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { tag, weight: Number(weight ?? 1) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag);
}
