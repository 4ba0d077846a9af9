import { httpUrl } from '../../keys/well-known.js';
import { GuardsConfigurationError } from '../../resolve-options.js';

/** What an argument has to look like, and how to say so. */
export interface Form {
  readonly fits: (value: string) => boolean;
  /** Ends the sentence "it must be …". */
  readonly words: string;
}

export type Argument = readonly [name: string, value: unknown, form: Form];

export const like = (pattern: RegExp, words: string): Form => ({
  fits: (it) => pattern.test(it),
  words,
});

export const HOST_NAME = like(
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/,
  'a host name in lower case, without scheme, port and path',
);

export const GUID = like(
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'the GUID of one tenant: tokens name it in `iss`, whatever alias the client signed in with',
);

/** Unreserved characters (RFC 3986 §2.3), so that nothing in it can end the segment or climb out of it. */
export const PATH_SEGMENT = like(/^(?!\.+$)[\w.~-]+$/, 'one segment of a URL path');

/** What a URL parser would change is not what the issuer writes into `iss`. */
export const BASE_URL: Form = {
  fits: (text) =>
    httpUrl(text)?.href.replace(/\/$/, '') === text.replace(/\/$/, '') && isBare(text),
  words: 'an http(s) URL in canonical form, without credentials, query and fragment',
};

function isBare(text: string): boolean {
  return !/[?#@\\]/.test(text);
}

export const oneOf = (...values: readonly string[]): Form => ({
  fits: (value) => values.includes(value),
  words: values.map((value) => `'${value}'`).join(' or '),
});

/**
 * Arguments become addresses that keys are fetched from, so they are checked before anything is built of them.
 *
 * @throws GuardsConfigurationError with every fault at once
 */
export function requireArguments(preset: string, given: readonly Argument[]): void {
  const faults = given
    .filter(([, value, { fits }]) => !(typeof value === 'string' && fits(value)))
    .map(([name, value, { words }]) => {
      const found = value === undefined ? 'nothing' : JSON.stringify(value);
      return `${preset}(): \`${name}\` must be ${words}, not ${found}`;
    });
  if (faults.length > 0) throw new GuardsConfigurationError(faults);
}
