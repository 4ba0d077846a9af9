import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { AccountRepository } from '../accounts/account.repository.js';
import { isVerified } from '../accounts/email-action.service.js';
import { AuthorizedClientService } from '../sessions/consent.service.js';
import { renderAccountPage } from './account-page.js';
import type { PageContext } from './page-context.js';
import { buildPageUrl, seeOther } from './page.js';
import { CurrentPageContext, Pages } from './pages.guard.js';
import { SignedInDeviceService } from './signed-in-device.service.js';

const endSessionForm = z.object({ session: z.string().max(22).catch('') });
type EndSessionForm = z.infer<typeof endSessionForm>;

const removeAccessForm = z.object({
  client: z
    .string()
    .regex(/^[a-z\d-]{1,64}$/)
    .catch(''),
});
type RemoveAccessForm = z.infer<typeof removeAccessForm>;

/** Shows the user's sessions and the applications with access, and ends them. */
@Controller('account')
@Pages()
export class AccountPageController {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly devices: SignedInDeviceService,
    private readonly applications: AuthorizedClientService,
  ) {}

  @Get()
  show(
    @CurrentPageContext() context: PageContext,
    @Query() query: Readonly<Record<string, unknown>>,
  ): Promise<Response> {
    const { password, emailChange, verification } = context.texts;
    const notices = {
      password_changed: password.changed,
      email_changed: emailChange.changed,
      email_verified: verification.done,
    };
    const notice = Object.entries(notices).find(([name]) => query[name] !== undefined)?.[1];
    return this.render(context, notice);
  }

  /** A user who reloads the address of a form gets the page. */
  @Get(['end', 'end-others', 'remove-access'])
  showPage(@CurrentPageContext() context: PageContext): Response {
    return seeOther(buildPageUrl('/account', context));
  }

  @Post('end')
  async end(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: endSessionForm }) { session: id }: EndSessionForm,
  ): Promise<Response> {
    if (context.browserSession) await this.devices.revoke(context.browserSession, id);
    return seeOther(buildPageUrl('/account', context));
  }

  @Post('end-others')
  async endOthers(@CurrentPageContext() context: PageContext): Promise<Response> {
    if (context.browserSession) await this.devices.revokeOthers(context.browserSession);
    return seeOther(buildPageUrl('/account', context));
  }

  @Post('remove-access')
  async removeAccess(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: removeAccessForm }) { client }: RemoveAccessForm,
  ): Promise<Response> {
    if (context.browserSession)
      await this.applications.withdrawConsent(context.browserSession.accountId, client);
    return seeOther(buildPageUrl('/account', context));
  }

  private async render(context: PageContext, notice?: string): Promise<Response> {
    const { browserSession } = context;
    const account = browserSession && (await this.accounts.find(browserSession.accountId));
    if (!account) return seeOther(buildPageUrl('/login', context));
    const { email } = account;
    const devices = await this.devices.list(browserSession);
    const applications = await this.applications.list(account.id);
    const now = this.devices.now();
    const isUnverified = !isVerified(account);
    return renderAccountPage(context, {
      ...{ email, devices, applications, now, notice, isUnverified },
    });
  }
}

/** Redirects users who open the server's root URL to the account page, which redirects to the login page without a session. */
@Controller()
@Pages()
export class HomeController {
  @Get()
  home(@CurrentPageContext() context: PageContext): Response {
    return seeOther(buildPageUrl('/account', context));
  }
}
