import { de } from './de.js';
import { en, type Texts } from './en.js';

const LANGUAGES: Readonly<Record<string, Texts>> = { en, de };

/**
 * The first language of the browser that this client has, and the locale for amounts and times: `de-AT` has the texts of `de`.
 *
 * @param preferred language tags, best first; English is the default
 */
export function selectLanguage(preferred: readonly string[]): { texts: Texts; locale: string } {
  for (const locale of preferred) {
    const language = locale.split('-')[0]?.toLowerCase() ?? '';
    const texts = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined;
    if (texts) return { texts, locale };
  }
  return { texts: en, locale: 'en' };
}
