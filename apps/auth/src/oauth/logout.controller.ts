import { Body, Controller, Get, Inject, Post, Query } from '@nestjs/common';
import { AccountRepository } from '../accounts/account.repository.js';
import type { Client } from '../clients/client.entity.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { isDevelopment, renderRefusedParameter } from '../pages/error-page.js';
import { html, type Html } from '../pages/html.js';
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
  type LogoutRequest,
  LogoutRequestService,
  type RefusedReturn,
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
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  @Get('oauth/logout')
  @AllowCrossSite()
  async logout(
    @CurrentPageContext() context: PageContext,
    @Query({ schema: logoutParameters }) parameters: LogoutParameters,
  ): Promise<Response> {
    const { browserSession: session } = context;
    const request = await this.requests.evaluate(parameters, session);
    if (session && !request.canSkipConfirmation) return this.askUser(context, parameters, request);
    const notice = this.describeRefusal(context, request.refused);
    return notice
      ? renderSignedOutPage(context, notice)
      : this.revokeBrowserSession(context, request.returnTo);
  }

  private async askUser(
    context: PageContext,
    { post_logout_redirect_uri, state }: LogoutParameters,
    { client, returnTo, refused }: LogoutRequest,
  ): Promise<Response> {
    const account = await this.accounts.find(context.browserSession?.accountId ?? '');
    return renderLogoutPage(context, {
      client,
      email: account?.email ?? '',
      target:
        returnTo === undefined ? {} : { client_id: client?.id, post_logout_redirect_uri, state },
      notice: this.describeRefusal(context, refused),
    });
  }

  private describeRefusal(
    { texts }: PageContext,
    refused: RefusedReturn | undefined,
  ): Html | undefined {
    return (
      refused &&
      html`<p class="notice bad">${texts.returnRefused[refused.name]}</p>
        ${renderRefusedParameter(texts, refused, isDevelopment(this.config))}`
    );
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
  /** Why the browser will not return to the client. */
  readonly notice: Html | undefined;
}

/** Asks for confirmation, because any site can send a browser to the logout endpoint. */
export function renderLogoutPage(
  context: PageContext,
  { client, email, target, notice }: LogoutPageOptions,
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
      ${notice}
      ${renderForm(context, { action: '/oauth/logout/confirm', content, hidden: { ...target } })}
      <a class="button plain" href="${buildPageUrl('/account', context)}">${texts.cancel}</a>`,
  });
}

export function renderSignedOutPage(context: PageContext, notice?: Html): Response {
  const { signedOut: texts } = context.texts;
  return renderPage(context, {
    title: texts.title,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${texts.text}</p>
      ${notice}
      <a class="button plain" href="${buildPageUrl('/login', context)}">${texts.signIn}</a>`,
  });
}
