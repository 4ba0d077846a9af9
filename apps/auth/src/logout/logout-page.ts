import type { Client } from '../clients/client.entity.js';
import { form } from '../pages/form.js';
import { html } from '../pages/html.js';
import { addressOf, page } from '../pages/page.js';
import type { Visitor } from '../pages/visitor.js';
import type { ConfirmedParameters } from './logout-parameters.js';

interface Question {
  /** Who asks, where that is known. */
  readonly client: Client | undefined;
  readonly email: string;
  /** Where it leads in the end, as far as that was proven. */
  readonly target: ConfirmedParameters;
}

/** Nobody is logged out by a picture on a page: they are asked. */
export function logoutPage(visitor: Visitor, { client, email, target }: Question): Response {
  const { logout: texts } = visitor.texts;
  const content = html`<button id="logout-confirm" type="submit">${texts.confirm}</button>`;
  return page(visitor, {
    title: texts.title,
    leadsTo: target.post_logout_redirect_uri,
    main: html`<h1>${texts.title}</h1>
      ${client && html`<p>${texts.asks(client.name || client.id)}</p>`}
      <p>${texts.question(email)}</p>
      <p class="quiet">${texts.everywhere}</p>
      ${form(visitor, { action: '/oauth/logout/confirm', content, hidden: target })}
      <a class="button plain" href="${addressOf('/account', visitor)}">${texts.stay}</a>`,
  });
}

export function signedOutPage(visitor: Visitor): Response {
  const { signedOut: texts } = visitor.texts;
  return page(visitor, {
    title: texts.title,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${texts.text}</p>
      <a class="button plain" href="${addressOf('/login', visitor)}">${texts.again}</a>`,
  });
}
