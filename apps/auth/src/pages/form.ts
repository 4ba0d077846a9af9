import { html, type Html } from './html.js';
import type { PageContext } from './page-context.js';

export interface FormOptions {
  /** Path that receives the form. */
  readonly action: string;
  readonly content: Html;
  /** Values of hidden fields by name. */
  readonly hidden?: Readonly<Record<string, string | undefined>>;
}

/** A form with a token, so that only this browser can send it, in this session and for this authorization request. */
export function renderForm(
  context: PageContext,
  { action, content, hidden = {} }: FormOptions,
): Html {
  const fields = { form_token: context.createFormToken(action), ticket: context.ticket, ...hidden };
  return html`<form method="post" action="${context.base}${action}">
    ${Object.entries(fields).map(
      ([name, value]) =>
        value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`,
    )}
    ${content}
  </form>`;
}

export interface FieldOptions {
  /** Also the field's name. */
  readonly id: string;
  readonly label: string;
  readonly type: 'email' | 'password';
  /** For browsers and password managers (HTML §4.10.18.7). */
  readonly autocomplete: string;
  readonly value?: string | undefined;
  readonly hint?: string | false;
  /** Error message of this field. */
  readonly error?: string | false;
  /** Id of an element elsewhere on the page that holds the error message. */
  readonly errorId?: string | undefined;
  readonly hasFocus?: boolean;
}

export function renderField(options: FieldOptions): Html {
  const { id, label, type, autocomplete, value, hint, error, hasFocus } = options;
  return html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${id}"
      type="${type}"
      autocomplete="${autocomplete}"
      value="${value}"
      required
      ${renderAriaAttributes(options)}
      ${hasFocus && html`autofocus`}
    />
    ${error && html`<p class="error" id="${id}-error" role="alert">${error}</p>`}
    ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}`;
}

/** Screen readers read the hint and the error with the field (WCAG 2.2, 3.3.1). */
function renderAriaAttributes({ id, hint, error, ...rest }: FieldOptions): Html {
  const errorId = error ? `${id}-error` : rest.errorId;
  const ids = [errorId, hint && `${id}-hint`].filter(Boolean).join(' ');
  return html`${ids && html`aria-describedby="${ids}"`} ${errorId && html`aria-invalid="true"`}`;
}
