import { parseHttpUrl } from '../core/bounded-fetch.js';
import {
  GuardsConfigurationError,
  isObject,
  OptionReader,
  type OptionTable,
} from '../core/options.js';

/** The format of an argument, and its description in an error message. */
export interface ArgumentFormat {
  readonly isValid: (value: string) => boolean;
  /** Ends the sentence "it must be …". */
  readonly description: string;
}

type PresetArgument = readonly [name: string, value: unknown, format: ArgumentFormat];

export const matching = (pattern: RegExp, description: string): ArgumentFormat => ({
  isValid: (value) => pattern.test(value),
  description,
});

export const HOST_NAME = matching(
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/,
  'a host name in lower case, without scheme, port and path',
);

export const GUID = matching(
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'the GUID of one tenant: `iss` contains it, even if the client signed in with an alias',
);

/** Unreserved characters (RFC 3986 §2.3), so that the value can neither end the segment nor be `..`. */
export const PATH_SEGMENT = matching(/^(?!\.+$)[\w.~-]+$/, 'one segment of a URL path');

/** Canonical, because `iss` is compared character by character and a URL parser would change other spellings. */
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
 * Checks the names and shapes of a preset's options, for callers without TypeScript: the text `'false'` is not false.
 *
 * @throws GuardsConfigurationError with every fault at once
 */
export function checkPresetShape(preset: string, options: object, table: OptionTable): void {
  const reader = new OptionReader();
  if (isObject(options)) reader.read(options, table);
  else reader.refuse('', 'pass an object with its options');
  if (reader.faults.length === 0) return;
  throw new GuardsConfigurationError(reader.faults.map((fault) => `${preset}(): ${fault}`));
}

/**
 * Checks the arguments of a preset, because they become part of the addresses that keys are fetched from.
 *
 * @throws GuardsConfigurationError with every fault at once
 */
export function checkPresetArguments(preset: string, given: readonly PresetArgument[]): void {
  const faults = given
    .filter(([, value, { isValid }]) => !(typeof value === 'string' && isValid(value)))
    .map(([name, value, { description }]) => {
      const found = value === undefined ? 'nothing' : JSON.stringify(value);
      return `${preset}(): \`${name}\` must be ${description}, not ${found}`;
    });
  if (faults.length > 0) throw new GuardsConfigurationError(faults);
}
