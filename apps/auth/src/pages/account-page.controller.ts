import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { AccountRepository } from '../accounts/account.repository.js';
import { isVerified } from '../accounts/email-action.service.js';
import { AuthorizedClientService } from '../sessions/consent.service.js';
import { PasswordChangeService } from '../sessions/password-change.service.js';
import { type PasswordOutcome, renderAccountPage } from './account-page.js';
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

/** A password that is too long, missing or sent twice becomes an empty one, which is wrong and breaks a rule. */
const passwordField = z.string().max(512).catch('');
const passwordForm = z.object({ current_password: passwordField, new_password: passwordField });
type PasswordForm = z.infer<typeof passwordForm>;

/** Shows the user's sessions and the applications with access, and ends them. Changes the password. */
@Controller('account')
@Pages()
export class AccountPageController {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly devices: SignedInDeviceService,
    private readonly applications: AuthorizedClientService,
    private readonly passwords: PasswordChangeService,
  ) {}

  @Get()
  show(
    @CurrentPageContext() context: PageContext,
    @Query('password_changed') changed?: unknown,
    @Query('email_verified') verified?: unknown,
  ): Promise<Response> {
    const password = changed === undefined ? undefined : 'changed';
    return this.render(context, password, verified !== undefined);
  }

  /** Other sessions end as after `POST /auth/password`. This browser stays signed in. */
  @Post('password')
  async changePassword(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: passwordForm }) form: PasswordForm,
  ): Promise<Response> {
    const { browserSession: session } = context;
    if (!session) return seeOther(buildPageUrl('/login', context));
    const result = await this.passwords.change({
      accountId: session.accountId,
      kept: { kind: 'browser_session', id: session.id },
      currentPassword: form.current_password,
      newPassword: form.new_password,
    });
    if (result.kind === 'changed')
      return seeOther(buildPageUrl('/account', context, { password_changed: '1' }));
    return this.render(context, result.kind === 'broken rule' ? result.rule : 'wrong');
  }

  /** A user who reloads the address of a form gets the page. */
  @Get(['password', 'end', 'end-others', 'remove-access'])
  showForm(@CurrentPageContext() context: PageContext): Response {
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

  private async render(
    context: PageContext,
    password?: PasswordOutcome,
    hasVerified = false,
  ): Promise<Response> {
    const { browserSession } = context;
    const account = browserSession && (await this.accounts.find(browserSession.accountId));
    if (!account) return seeOther(buildPageUrl('/login', context));
    const { email } = account;
    const devices = await this.devices.list(browserSession);
    const applications = await this.applications.list(account.id);
    const now = this.devices.now();
    const verification = isVerified(account) ? (hasVerified ? 'done' : 'verified') : 'missing';
    return renderAccountPage(context, {
      ...{ email, devices, applications, now, password, verification },
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
