import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import type { Account } from '../accounts/account.entity.js';
import { AccountRepository } from '../accounts/account.repository.js';
import { EmailActionService } from '../accounts/email-action.service.js';
import { email as emailAddress } from '../accounts/email-address.js';
import { AccountDeletionService } from '../sessions/account-erasure.service.js';
import { BrowserSessionCookie } from '../sessions/browser-session-cookie.js';
import { EmailChangeService } from '../sessions/email-change.service.js';
import { PasswordChangeService } from '../sessions/password-change.service.js';
import {
  renderDeletedPage,
  renderDeletionPage,
  renderEmailPage,
  renderPasswordPage,
} from './account-forms.js';
import type { AccountForm, PageContext } from './page-context.js';
import { emailField, passwordField } from './page-login.service.js';
import { buildPageUrl, seeOther } from './page.js';
import { CurrentPageContext, Pages } from './pages.guard.js';

const passwordForm = z.object({ current_password: passwordField, new_password: passwordField });
type PasswordForm = z.infer<typeof passwordForm>;

const emailForm = z.object({ new_email: emailField, current_password: passwordField });
type EmailForm = z.infer<typeof emailForm>;
const FAULTS = { 'wrong password': 'wrong', 'same address': 'same' } as const;

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
    private readonly emailChange: EmailChangeService,
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

  @Get('email')
  showEmailForm(@CurrentPageContext() context: PageContext): Promise<Response> {
    return this.forUser(context, 'email', ({ account }) =>
      renderEmailPage(context, { email: account.email }),
    );
  }

  /** The response is the same for an address that has an account (decision 6). */
  @Post('email')
  changeEmail(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: emailForm }) { new_email: newEmail, current_password: password }: EmailForm,
  ): Promise<Response> {
    return this.forUser(context, 'email', async ({ account, sessionId }) => {
      const state = { email: account.email, newEmail };
      const { data, error } = emailAddress.safeParse(newEmail);
      if (error) return renderEmailPage(context, { ...state, fault: 'email' });
      const result = await this.emailChange.request({
        session: { accountId: account.id, sessionId },
        password,
        newEmail: data,
        language: context.texts.language,
      });
      if (result.kind !== 'requested')
        return renderEmailPage(context, { ...state, fault: FAULTS[result.kind] });
      const { verification } = result;
      return seeOther(buildPageUrl('/verify-email', context, { verification, change: '1' }));
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
      const { language } = context.texts;
      const isDeleted = await this.deletion.delete(session, form.current_password, language);
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

/** Sends a new code to a user who is signed in. */
@Controller('account/verify-email')
@Pages()
export class EmailVerificationRequestController {
  constructor(private readonly actions: EmailActionService) {}

  @Get()
  show(@CurrentPageContext() context: PageContext): Response {
    return seeOther(buildPageUrl('/account', context));
  }

  @Post()
  async send(@CurrentPageContext() context: PageContext): Promise<Response> {
    const { browserSession: session, texts } = context;
    const verification =
      session && (await this.actions.requestVerification(session.accountId, texts.language));
    return seeOther(
      verification === undefined
        ? buildPageUrl('/account', context)
        : buildPageUrl('/verify-email', context, { verification }),
    );
  }
}
