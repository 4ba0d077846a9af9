import type { Client } from '../clients/client.entity.js';
import type { ConfirmedParameters } from '../oauth/logout-request.service.js';
import { renderForm } from './form.js';
import { html } from './html.js';
import { buildPageUrl, renderPage } from './page.js';
import type { PageContext } from './page-context.js';

interface LogoutPageOptions {
  /** Who asks, where that is known. */
  readonly client: Client | undefined;
  readonly email: string;
  /** Where it leads in the end, as far as that was proven. */
  readonly target: ConfirmedParameters;
}

/** Nobody is logged out by a picture on a page: they are asked. */
export function renderLogoutPage(
  visitor: PageContext,
  { client, email, target }: LogoutPageOptions,
): Response {
  const { logout: texts } = visitor.texts;
  const content = html`<button id="logout-confirm" type="submit">${texts.confirm}</button>`;
  return renderPage(visitor, {
    title: texts.title,
    formRedirectUri: target.post_logout_redirect_uri,
    main: html`<h1>${texts.title}</h1>
      ${client && html`<p>${texts.asks(client.name || client.id)}</p>`}
      <p>${texts.question(email)}</p>
      <p class="quiet">${texts.everywhere}</p>
      ${renderForm(visitor, { action: '/oauth/logout/confirm', content, hidden: target })}
      <a class="button plain" href="${buildPageUrl('/account', visitor)}">${texts.stay}</a>`,
  });
}

export function renderSignedOutPage(visitor: PageContext): Response {
  const { signedOut: texts } = visitor.texts;
  return renderPage(visitor, {
    title: texts.title,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${texts.text}</p>
      <a class="button plain" href="${buildPageUrl('/login', visitor)}">${texts.again}</a>`,
  });
}
