import { html, type Html } from './html.js';
import type { PageContext } from './page-context.js';

export interface FormOptions {
  /** Path that it is sent to. */
  readonly action: string;
  readonly content: Html;
  /** What the person need not see. */
  readonly hidden?: Readonly<Record<string, string | undefined>>;
}

/** A form that only this browser can send, in this session, for the request that it answers. */
export function renderForm(
  visitor: PageContext,
  { action, content, hidden = {} }: FormOptions,
): Html {
  const fields = { form_token: visitor.createFormToken(action), ticket: visitor.ticket, ...hidden };
  return html`<form method="post" action="${visitor.base}${action}">
    ${Object.entries(fields).map(
      ([name, value]) =>
        value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`,
    )}
    ${content}
  </form>`;
}

export interface FieldOptions {
  /** Its name as well. */
  readonly id: string;
  readonly label: string;
  readonly type: 'email' | 'password';
  /** What browsers and password managers go by (HTML §4.10.18.7). */
  readonly autocomplete: string;
  readonly value?: string | undefined;
  readonly hint?: string | false;
  /** What is wrong with it. */
  readonly error?: string | false;
  /** Id of what is said elsewhere about what is wrong with it. */
  readonly errorId?: string | undefined;
  readonly hasFocus?: boolean;
}

export function renderField(described: FieldOptions): Html {
  const { id, label, type, autocomplete, value, hint, error, hasFocus } = described;
  return html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${id}"
      type="${type}"
      autocomplete="${autocomplete}"
      value="${value}"
      required
      ${renderAriaAttributes(described)}
      ${hasFocus && html`autofocus`}
    />
    ${error && html`<p class="error" id="${id}-error" role="alert">${error}</p>`}
    ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}`;
}

/** Whoever cannot see what stands beside a field hears it (WCAG 2.2, 3.3.1). */
function renderAriaAttributes({ id, hint, error, ...said }: FieldOptions): Html {
  const errorId = error ? `${id}-error` : said.errorId;
  const ids = [errorId, hint && `${id}-hint`].filter(Boolean).join(' ');
  return html`${ids && html`aria-describedby="${ids}"`} ${errorId && html`aria-invalid="true"`}`;
}
