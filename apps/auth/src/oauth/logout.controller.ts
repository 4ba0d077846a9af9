import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { AccountRepository } from '../accounts/account.repository.js';
import type { Client } from '../clients/client.entity.js';
import { html } from '../pages/html.js';
import type { PageContext } from '../pages/page-context.js';
import { buildPageUrl, renderForm, renderPage, seeOther } from '../pages/page.js';
import { AllowCrossSite, CurrentPageContext, Pages } from '../pages/pages.guard.js';
import { BrowserSessionCookie } from '../sessions/browser-session-cookie.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import {
  type ConfirmedParameters,
  confirmedParameters,
  type LogoutParameters,
  logoutParameters,
  LogoutRequestService,
} from './logout-request.service.js';

/** Logout requested by a client (OpenID Connect RP-Initiated Logout) or by the user. */
@Controller()
@Pages()
export class LogoutController {
  constructor(
    private readonly requests: LogoutRequestService,
    private readonly accounts: AccountRepository,
    private readonly sessions: BrowserSessionService,
    private readonly cookie: BrowserSessionCookie,
  ) {}

  @Get('oauth/logout')
  @AllowCrossSite()
  async logout(
    @CurrentPageContext() context: PageContext,
    @Query({ schema: logoutParameters }) parameters: LogoutParameters,
  ): Promise<Response> {
    const { browserSession: session } = context;
    const request = await this.requests.evaluate(parameters, session);
    const { client, returnTo } = request;
    if (!session || request.canSkipConfirmation)
      return this.revokeBrowserSession(context, returnTo);
    const account = await this.accounts.find(session.accountId);
    const { post_logout_redirect_uri, state } = parameters;
    const target =
      returnTo === undefined ? {} : { client_id: client?.id, post_logout_redirect_uri, state };
    return renderLogoutPage(context, { client, email: account?.email ?? '', target });
  }

  /** A form of another site comes without the SameSite cookie. The browser sends the cookie with the redirected GET. */
  @Post('oauth/logout')
  @AllowCrossSite()
  logoutByForm(
    @CurrentPageContext() { base }: PageContext,
    @Body({ schema: logoutParameters }) parameters: LogoutParameters,
  ): Response {
    return seeOther(buildPageUrl('/oauth/logout', { base, ticket: undefined }, parameters));
  }

  /** A user who reloads the address of the form gets the page. */
  @Get('oauth/logout/confirm')
  showForm(@CurrentPageContext() context: PageContext): Response {
    return seeOther(buildPageUrl('/oauth/logout', context));
  }

  @Post('oauth/logout/confirm')
  async confirm(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: confirmedParameters }) parameters: ConfirmedParameters,
  ): Promise<Response> {
    const { returnTo } = await this.requests.evaluate(parameters, context.browserSession);
    return this.revokeBrowserSession(context, returnTo);
  }

  @Get('signed-out')
  showSignedOutPage(@CurrentPageContext() context: PageContext): Response {
    return renderSignedOutPage(context);
  }

  private async revokeBrowserSession(
    context: PageContext,
    returnTo: string | undefined,
  ): Promise<Response> {
    const { browserSession: session } = context;
    if (session) await this.sessions.revoke(session.id);
    const location = returnTo ?? buildPageUrl('/signed-out', context);
    return seeOther(location, session ? [this.cookie.clear()] : []);
  }
}

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
    formsLeadToClient: target.post_logout_redirect_uri !== undefined,
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
