import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import { AccountRepository } from '../accounts/account.repository.js';
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

/** A person's own sessions, and the applications with access, as a page. */
@Controller('account')
@Pages()
export class AccountPageController {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly devices: SignedInDeviceService,
    private readonly applications: AuthorizedClientService,
  ) {}

  @Get()
  async show(@CurrentPageContext() visitor: PageContext): Promise<Response> {
    const { browserSession: session } = visitor;
    const account = session && (await this.accounts.find(session.accountId));
    if (!account) return seeOther(buildPageUrl('/login', visitor));
    const devices = await this.devices.list(session);
    const applications = await this.applications.list(account.id);
    const now = this.devices.now();
    return renderAccountPage(visitor, { email: account.email, devices, applications, now });
  }

  @Post('end')
  async end(
    @CurrentPageContext() visitor: PageContext,
    @Body({ schema: endSessionForm }) { session: id }: EndSessionForm,
  ): Promise<Response> {
    if (visitor.browserSession) await this.devices.revoke(visitor.browserSession, id);
    return seeOther(buildPageUrl('/account', visitor));
  }

  @Post('end-others')
  async endOthers(@CurrentPageContext() visitor: PageContext): Promise<Response> {
    if (visitor.browserSession) await this.devices.revokeOthers(visitor.browserSession);
    return seeOther(buildPageUrl('/account', visitor));
  }

  @Post('remove-access')
  async removeAccess(
    @CurrentPageContext() visitor: PageContext,
    @Body({ schema: removeAccessForm }) { client }: RemoveAccessForm,
  ): Promise<Response> {
    if (visitor.browserSession)
      await this.applications.withdrawConsent(visitor.browserSession.accountId, client);
    return seeOther(buildPageUrl('/account', visitor));
  }
}

/** Whoever types the name of this server is a person, and finds their account, or the login page. */
@Controller()
@Pages()
export class HomeController {
  @Get()
  home(@CurrentPageContext() visitor: PageContext): Response {
    return seeOther(buildPageUrl('/account', visitor));
  }
}
