import { de } from './de.js';
import { en, type Texts } from './en.js';

/** English where nobody asks for another one. */
const LANGUAGES: ReadonlyMap<string, Texts> = new Map([
  ['en', en],
  ['de', de],
]);

export const UI_LOCALES: readonly string[] = [...LANGUAGES.keys()];

/** More are not looked at: who sends them is not asking for a language. */
const MAX_LANGUAGES = 20;

/**
 * The texts in the language that fits best.
 *
 * @param uiLocales `ui_locales`: what the client asks for, the best one first (OpenID Connect Core §3.1.2.1)
 * @param acceptLanguage what the browser asks for (RFC 9110 §12.5.4)
 */
export function selectTexts(
  uiLocales: string | undefined,
  acceptLanguage: string | undefined,
): Texts {
  const wishes = [
    ...(uiLocales ?? '').split(' ').slice(0, MAX_LANGUAGES),
    ...parseAcceptLanguage(acceptLanguage),
  ];
  const known = wishes.map((tag) => LANGUAGES.get(getPrimaryLanguage(tag)));
  return known.find((texts) => texts !== undefined) ?? en;
}

/** `de-CH` is a kind of `de` (RFC 4647 §3.4). */
const getPrimaryLanguage = (tag: string): string => (tag.split('-')[0] ?? '').toLowerCase();

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
