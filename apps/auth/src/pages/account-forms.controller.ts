import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import type { Account } from '../accounts/account.entity.js';
import { AccountRepository } from '../accounts/account.repository.js';
import { AccountDeletionService } from '../sessions/account-erasure.service.js';
import { BrowserSessionCookie } from '../sessions/browser-session-cookie.js';
import { PasswordChangeService } from '../sessions/password-change.service.js';
import { renderDeletedPage, renderDeletionPage, renderPasswordPage } from './account-forms.js';
import type { AccountForm, PageContext } from './page-context.js';
import { passwordField } from './page-login.service.js';
import { buildPageUrl, seeOther } from './page.js';
import { CurrentPageContext, Pages } from './pages.guard.js';

const passwordForm = z.object({ current_password: passwordField, new_password: passwordField });
type PasswordForm = z.infer<typeof passwordForm>;

const deletionForm = passwordForm.pick({ current_password: true });
type DeletionForm = z.infer<typeof deletionForm>;

/** The account of the session of the browser. */
interface SignedInUser {
  readonly account: Account;
  /** The browser session. */
  readonly sessionId: string;
}

/** The forms that change or delete the account. Each asks for the current password, so that a stolen session is not enough. */
@Controller('account')
@Pages()
export class AccountFormsController {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly passwords: PasswordChangeService,
    private readonly deletion: AccountDeletionService,
    private readonly cookie: BrowserSessionCookie,
  ) {}

  @Get('password')
  showPasswordForm(@CurrentPageContext() context: PageContext): Promise<Response> {
    return this.forUser(context, 'password', ({ account }) =>
      renderPasswordPage(context, account.email),
    );
  }

  /** Other sessions end as after `POST /auth/password`. This browser stays signed in. */
  @Post('password')
  changePassword(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: passwordForm }) form: PasswordForm,
  ): Promise<Response> {
    return this.forUser(context, 'password', async ({ account, sessionId }) => {
      const result = await this.passwords.change({
        accountId: account.id,
        kept: { kind: 'browser_session', id: sessionId },
        currentPassword: form.current_password,
        newPassword: form.new_password,
      });
      if (result.kind === 'changed')
        return seeOther(buildPageUrl('/account', context, { password_changed: '1' }));
      const fault = result.kind === 'broken rule' ? result.rule : 'wrong';
      return renderPasswordPage(context, account.email, fault);
    });
  }

  @Get('delete')
  showDeletionForm(@CurrentPageContext() context: PageContext): Promise<Response> {
    return this.forUser(context, 'delete', ({ account }) =>
      renderDeletionPage(context, account.email),
    );
  }

  @Post('delete')
  deleteAccount(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: deletionForm }) form: DeletionForm,
  ): Promise<Response> {
    return this.forUser(context, 'delete', async ({ account, sessionId }) => {
      const session = { accountId: account.id, sessionId };
      const isDeleted = await this.deletion.delete(session, form.current_password);
      if (!isDeleted) return renderDeletionPage(context, account.email, 'wrong');
      return seeOther(buildPageUrl('/account/deleted', context), [this.cookie.clear()]);
    });
  }

  @Get('deleted')
  showDeletedPage(@CurrentPageContext() context: PageContext): Response {
    return renderDeletedPage(context);
  }

  /** A user without a session logs in first, and the login leads to `page`. */
  private async forUser(
    context: PageContext,
    page: AccountForm,
    respond: (user: SignedInUser) => Response | Promise<Response>,
  ): Promise<Response> {
    const { browserSession: session } = context;
    const account = session && (await this.accounts.find(session.accountId));
    if (!account) return seeOther(buildPageUrl('/login', context, { next: page }));
    return respond({ account, sessionId: session.id });
  }
}
