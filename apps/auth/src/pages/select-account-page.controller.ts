import { Controller, Get, Post } from '@nestjs/common';
import { AccountRepository } from '../accounts/account.repository.js';
import { type ClientInfo, ClientInfoService } from './client-info.service.js';
import { renderForm } from './form.js';
import { html } from './html.js';
import type { PageContext } from './page-context.js';
import { PageLoginService } from './page-login.service.js';
import { buildPageUrl, renderPage, seeOther } from './page.js';
import { CurrentPageContext, Pages } from './pages.guard.js';

/** One browser has one session: the choice is between going on with it and another login. */
@Controller('select-account')
@Pages()
export class SelectAccountPageController {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly logins: PageLoginService,
    private readonly clientInfo: ClientInfoService,
  ) {}

  @Get()
  async show(@CurrentPageContext() visitor: PageContext): Promise<Response> {
    const account =
      visitor.browserSession && (await this.accounts.find(visitor.browserSession.accountId));
    if (!account) return seeOther(buildPageUrl('/login', visitor));
    const requester = await this.clientInfo.find(visitor.interaction);
    return renderSelectAccountPage(visitor, { client: requester, email: account.email });
  }

  @Post()
  choose(@CurrentPageContext() visitor: PageContext): Response {
    if (!visitor.browserSession) return seeOther(buildPageUrl('/login', visitor));
    return seeOther(this.logins.resume(visitor, visitor.browserSession.accountId));
  }
}

interface SelectAccountPageState {
  readonly client: ClientInfo | undefined;
  /** Of the account that the browser is logged in to. */
  readonly email: string;
}

export function renderSelectAccountPage(
  visitor: PageContext,
  { client: requester, email }: SelectAccountPageState,
): Response {
  const { selectAccount: texts, login, account } = visitor.texts;
  const content = html`<button id="submit" type="submit">${texts.continueWithAccount}</button>`;
  return renderPage(visitor, {
    title: texts.title,
    formRedirectUri: requester?.redirectUri,
    main: html`<h1>${texts.title}</h1>
      ${requester && html`<p class="quiet">${login.to(requester.name)}</p>`}
      <p class="person">${account.signedInAs(email)}</p>
      ${renderForm(visitor, { action: '/select-account', content })}
      <a class="button plain" id="another-account" href="${buildPageUrl('/login', visitor)}"
        >${texts.useAnotherAccount}</a
      >`,
  });
}
