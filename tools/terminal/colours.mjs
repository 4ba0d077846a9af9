import { styleText } from 'node:util';

/**
 * Colours for a stream that is a terminal; NO_COLOR and FORCE_COLOR are honoured by Node's own rule.
 *
 * @returns {(style: string | string[], text: string) => string}
 */
export function coloursFor(stream) {
  const coloured = stream.isTTY && stream.hasColors();
  return coloured ? (style, text) => styleText(style, text) : (_style, text) => text;
}
