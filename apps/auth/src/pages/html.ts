import { readFileSync } from 'node:fs';

// Our own tagged template instead of a template library: it escapes every value by default, TypeScript checks the values of
// each page, and it needs no other compiler and no other file type.

/** A value in a template. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

/** HTML written in this repository. No method makes it from a string at run time, so no request can inject markup. */
export class Html {
  private constructor(private readonly text: string) {}

  /**
   * Escapes text, keeps {@link Html}, and omits `null`, `undefined` and `false`.
   * @param values between tags, or inside attributes in double quotes
   */
  static readonly template = (
    strings: TemplateStringsArray,
    ...values: readonly HtmlValue[]
  ): Html => new Html(String.raw({ raw: strings }, ...values.map(renderValue)));

  /** @param file a constant of this program; its content is not escaped */
  static fromFile(file: URL): Html {
    return new Html(readFileSync(file, 'utf8'));
  }

  toString(): string {
    return this.text;
  }
}

export const html = Html.template;

function renderValue(value: HtmlValue): string {
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return value.map(renderValue).join('');
  return value === null || value === undefined || value === false ? '' : escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
