/** What a template may hold: text is escaped, HTML of another template is not, and nothing is nothing. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

/**
 * HTML that a template of this program made. There is no way to make it out of a text that comes from elsewhere, so nothing
 * that anybody sent here is ever markup.
 */
export class Html {
  private constructor(private readonly text: string) {}

  /** @param values between tags, or inside of attributes in double quotes */
  static readonly template = (
    strings: TemplateStringsArray,
    ...values: readonly HtmlValue[]
  ): Html => new Html(String.raw({ raw: strings }, ...values.map(renderValue)));

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
