import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import { BrowserSessionCookie } from '../browser-sessions/browser-session-cookie.js';
import { BrowserSessions } from '../browser-sessions/browser-sessions.js';
import { addressOf, seeOther } from '../pages/page.js';
import { CurrentVisitor, FromOtherSites, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';
import { logoutPage, signedOutPage } from './logout-page.js';
import {
  type ConfirmedParameters,
  confirmedParameters,
  type LogoutParameters,
  logoutParameters,
} from './logout-parameters.js';
import { LogoutRequests } from './logout-requests.js';

/** Logout at the word of a client (OpenID Connect RP-Initiated Logout), or of the person. */
@Controller()
@Pages()
export class LogoutController {
  constructor(
    private readonly requests: LogoutRequests,
    private readonly accounts: Accounts,
    private readonly sessions: BrowserSessions,
    private readonly cookie: BrowserSessionCookie,
  ) {}

  @Get('oauth/logout')
  @FromOtherSites()
  async logout(
    @CurrentVisitor() visitor: Visitor,
    @Query({ schema: logoutParameters }) parameters: LogoutParameters,
  ): Promise<Response> {
    const { session } = visitor;
    const { isProven, client, returnTo } = await this.requests.read(parameters, session);
    if (!session || isProven) return this.end(visitor, returnTo);
    const account = await this.accounts.find(session.accountId);
    const { post_logout_redirect_uri, state } = parameters;
    const target =
      returnTo === undefined ? {} : { client_id: client?.id, post_logout_redirect_uri, state };
    return logoutPage(visitor, { client, email: account?.email ?? '', target });
  }

  /** A form of another site comes without the session's cookie (SameSite): the same by GET brings it along. */
  @Post('oauth/logout')
  @FromOtherSites()
  logoutByForm(
    @CurrentVisitor() { base }: Visitor,
    @Body({ schema: logoutParameters }) parameters: LogoutParameters,
  ): Response {
    return seeOther(addressOf('/oauth/logout', { base, ticket: undefined }, parameters));
  }

  @Post('oauth/logout/confirm')
  async confirmed(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: confirmedParameters }) parameters: ConfirmedParameters,
  ): Promise<Response> {
    const { returnTo } = await this.requests.read(parameters, visitor.session);
    return this.end(visitor, returnTo);
  }

  @Get('signed-out')
  signedOut(@CurrentVisitor() visitor: Visitor): Response {
    return signedOutPage(visitor);
  }

  private async end(visitor: Visitor, returnTo: string | undefined): Promise<Response> {
    const { session } = visitor;
    if (session) await this.sessions.end(session.id);
    const location = returnTo ?? addressOf('/signed-out', visitor);
    return seeOther(location, session ? [this.cookie.clear()] : []);
  }
}
