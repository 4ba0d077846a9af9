import type { Requester } from '../interactions/requesters.js';
import { field, form } from '../pages/form.js';
import { html, type Html } from '../pages/html.js';
import { addressOf, page } from '../pages/page.js';
import type { Visitor } from '../pages/visitor.js';

export interface LoginState {
  readonly requester: Requester | undefined;
  /** Nothing tells which of the two was wrong, or why. */
  readonly hasFailed?: boolean;
  readonly hasRegistered?: boolean;
  readonly email?: string | undefined;
}

const FAILED = 'login-failed';

export function loginPage(visitor: Visitor, state: LoginState): Response {
  const { login: texts } = visitor.texts;
  const { requester, hasFailed, hasRegistered } = state;
  return page(visitor, {
    title: texts.title,
    status: hasFailed ? 400 : 200,
    leadsTo: requester?.redirectUri,
    main: html`<h1>${texts.title}</h1>
      ${requester && html`<p class="quiet">${texts.to(requester.name)}</p>`}
      ${hasFailed && html`<p class="notice bad" id="${FAILED}" role="alert">${texts.failed}</p>`}
      ${hasRegistered && html`<p class="notice good" role="status">${texts.registered}</p>`}
      ${form(visitor, { action: '/login', content: fields(visitor, state) })}
      <p class="aside">
        ${texts.noAccount} <a href="${addressOf('/register', visitor)}">${texts.register}</a>
      </p>`,
  });
}

function fields({ texts: { login: texts }, interaction }: Visitor, state: LoginState): Html {
  const value = state.email ?? interaction?.parameters['login_hint'] ?? '';
  const errorId = state.hasFailed ? FAILED : undefined;
  return html`${field({
      id: 'login',
      label: texts.email,
      type: 'email',
      autocomplete: 'username',
      value,
      errorId,
      hasFocus: value === '',
    })}
    ${field({
      id: 'password',
      label: texts.password,
      type: 'password',
      autocomplete: 'current-password',
      errorId,
      hasFocus: value !== '',
    })} <button id="submit" type="submit">${texts.submit}</button>`;
}
