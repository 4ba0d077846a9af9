import type { Requester } from '../interactions/requesters.js';
import { field, form } from '../pages/form.js';
import { html, type Html } from '../pages/html.js';
import { addressOf, page } from '../pages/page.js';
import type { Texts } from '../pages/texts/en.js';
import type { Visitor } from '../pages/visitor.js';

export interface RegistrationState {
  readonly requester: Requester | undefined;
  readonly email?: string;
  /** What is wrong with what was sent. */
  readonly wrong?: { readonly email: boolean; readonly password: boolean };
}

export function registrationPage(visitor: Visitor, state: RegistrationState): Response {
  const { registration: texts, login } = visitor.texts;
  const { requester, wrong } = state;
  return page(visitor, {
    title: texts.title,
    status: wrong ? 400 : 200,
    leadsTo: requester?.redirectUri,
    main: html`<h1>${texts.title}</h1>
      ${requester && html`<p class="quiet">${login.to(requester.name)}</p>`}
      ${form(visitor, { action: '/register', content: fields(visitor.texts, state) })}
      <p class="aside">
        ${texts.hasAccount} <a href="${addressOf('/login', visitor)}">${texts.login}</a>
      </p>`,
  });
}

function fields({ registration: texts, login }: Texts, state: RegistrationState): Html {
  const { email, wrong = { email: false, password: false } } = state;
  return html`${field({
      id: 'login',
      label: login.email,
      type: 'email',
      autocomplete: 'username',
      value: email,
      error: wrong.email && texts.emailFailed,
      hasFocus: !wrong.password,
    })}
    ${field({
      id: 'password',
      label: login.password,
      type: 'password',
      autocomplete: 'new-password',
      hint: !wrong.password && texts.passwordHint,
      error: wrong.password && texts.passwordFailed,
      hasFocus: wrong.password,
    })} <button id="submit" type="submit">${texts.submit}</button>`;
}
