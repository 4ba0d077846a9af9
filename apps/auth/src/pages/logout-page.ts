import type { Client } from '../clients/client.entity.js';
import { renderForm } from './form.js';
import { html } from './html.js';
import type { PageContext } from './page-context.js';
import { buildPageUrl, renderPage } from './page.js';

/** Validated parameters of the logout request. The form sends them again, and the server validates them again. */
type LogoutTarget = Readonly<
  Partial<Record<'client_id' | 'post_logout_redirect_uri' | 'state', string | undefined>>
>;

interface LogoutPageOptions {
  /** The client that requested the logout, if it is known. */
  readonly client: Client | undefined;
  readonly email: string;
  readonly target: LogoutTarget;
}

/** Asks for confirmation, because any site can send a browser to the logout endpoint. */
export function renderLogoutPage(
  context: PageContext,
  { client, email, target }: LogoutPageOptions,
): Response {
  const { logout: texts } = context.texts;
  const content = html`<button id="logout-confirm" type="submit">${texts.confirm}</button>`;
  return renderPage(context, {
    title: texts.title,
    formRedirectUri: target.post_logout_redirect_uri,
    main: html`<h1>${texts.title}</h1>
      ${client && html`<p>${texts.requestedBy(client.name || client.id)}</p>`}
      <p>${texts.signedInAs(email)}</p>
      <p class="quiet">${texts.effect}</p>
      ${renderForm(context, { action: '/oauth/logout/confirm', content, hidden: { ...target } })}
      <a class="button plain" href="${buildPageUrl('/account', context)}">${texts.cancel}</a>`,
  });
}

export function renderSignedOutPage(context: PageContext): Response {
  const { signedOut: texts } = context.texts;
  return renderPage(context, {
    title: texts.title,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${texts.text}</p>
      <a class="button plain" href="${buildPageUrl('/login', context)}">${texts.signIn}</a>`,
  });
}
