import { Controller, Get, Post } from '@nestjs/common';
import { AccountRepository } from '../accounts/account.repository.js';
import { type ClientInfo, ClientInfoService } from './interaction.service.js';
import { buildPageUrl, renderForm, renderPage, seeOther } from './page.js';
import { html } from './html.js';
import type { PageContext } from './page-context.js';
import { PageLoginService } from './page-login.service.js';
import { CurrentPageContext, Pages } from './pages.guard.js';

/** A browser has one session, so the user can continue with its account or log in to another one. */
@Controller('select-account')
@Pages()
export class SelectAccountPageController {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly logins: PageLoginService,
    private readonly clientInfo: ClientInfoService,
  ) {}

  @Get()
  async show(@CurrentPageContext() context: PageContext): Promise<Response> {
    const account =
      context.browserSession && (await this.accounts.find(context.browserSession.accountId));
    if (!account) return seeOther(buildPageUrl('/login', context));
    const client = await this.clientInfo.find(context.interaction);
    return renderSelectAccountPage(context, { client, email: account.email });
  }

  @Post()
  choose(@CurrentPageContext() context: PageContext): Response {
    if (!context.browserSession) return seeOther(buildPageUrl('/login', context));
    return seeOther(this.logins.resume(context, context.browserSession.accountId));
  }
}

interface SelectAccountPageState {
  readonly client: ClientInfo | undefined;
  /** Of the account that the browser is logged in to. */
  readonly email: string;
}

export function renderSelectAccountPage(
  context: PageContext,
  { client, email }: SelectAccountPageState,
): Response {
  const { selectAccount: texts, login, account } = context.texts;
  const content = html`<button id="submit" type="submit">${texts.continueWithAccount}</button>`;
  return renderPage(context, {
    title: texts.title,
    formsLeadToClient: client !== undefined,
    main: html`<h1>${texts.title}</h1>
      ${client && html`<p class="quiet">${login.continueTo(client.name)}</p>`}
      <p class="person">${account.signedInAs(email)}</p>
      ${renderForm(context, { action: '/select-account', content })}
      <a class="button plain" id="another-account" href="${buildPageUrl('/login', context)}"
        >${texts.useAnotherAccount}</a
      >`,
  });
}
