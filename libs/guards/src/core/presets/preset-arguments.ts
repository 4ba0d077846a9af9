import { parseHttpUrl } from '../urls.js';
import { GuardsConfigurationError } from '../../nest/resolve-options.js';

/** What an argument has to look like, and how to say so. */
export interface ArgumentFormat {
  readonly isValid: (value: string) => boolean;
  /** Ends the sentence "it must be …". */
  readonly description: string;
}

export type PresetArgument = readonly [name: string, value: unknown, form: ArgumentFormat];

export const matching = (pattern: RegExp, words: string): ArgumentFormat => ({
  isValid: (it) => pattern.test(it),
  description: words,
});

export const HOST_NAME = matching(
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/,
  'a host name in lower case, without scheme, port and path',
);

export const GUID = matching(
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'the GUID of one tenant: tokens name it in `iss`, whatever alias the client signed in with',
);

/** Unreserved characters (RFC 3986 §2.3), so that nothing in it can end the segment or climb out of it. */
export const PATH_SEGMENT = matching(/^(?!\.+$)[\w.~-]+$/, 'one segment of a URL path');

/** What a URL parser would change is not what the issuer writes into `iss`. */
export const BASE_URL: ArgumentFormat = {
  isValid: (text) =>
    parseHttpUrl(text)?.href.replace(/\/$/, '') === text.replace(/\/$/, '') && isPlainUrl(text),
  description: 'an http(s) URL in canonical form, without credentials, query and fragment',
};

function isPlainUrl(text: string): boolean {
  return !/[?#@\\]/.test(text);
}

export const oneOf = (...values: readonly string[]): ArgumentFormat => ({
  isValid: (value) => values.includes(value),
  description: values.map((value) => `'${value}'`).join(' or '),
});

/**
 * Arguments become addresses that keys are fetched from, so they are checked before anything is built of them.
 *
 * @throws GuardsConfigurationError with every fault at once
 */
export function checkPresetArguments(preset: string, given: readonly PresetArgument[]): void {
  const faults = given
    .filter(([, value, { isValid: fits }]) => !(typeof value === 'string' && fits(value)))
    .map(([name, value, { description: words }]) => {
      const found = value === undefined ? 'nothing' : JSON.stringify(value);
      return `${preset}(): \`${name}\` must be ${words}, not ${found}`;
    });
  if (faults.length > 0) throw new GuardsConfigurationError(faults);
}
