import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { normalizeEmail } from '../accounts/email-address.js';
import { KnownDeviceCookie } from '../accounts/known-device-cookie.js';
import type { PasswordRule } from '../accounts/password-policy.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { PasswordResetService } from '../sessions/password-reset.service.js';
import { renderNewPassword, renderUsername } from './account-forms.js';
import { renderInvalidLinkPage } from './email-verification-page.controller.js';
import { html } from './html.js';
import { markSession } from './interaction.service.js';
import type { PageContext } from './page-context.js';
import { loginForm } from './page-login.service.js';
import { buildPageUrl, renderField, renderForm, renderPage, seeOther } from './page.js';
import { CurrentPageContext, PageQuota, Pages } from './pages.guard.js';

const forgottenForm = loginForm.pick({ login: true });
type ForgottenForm = z.infer<typeof forgottenForm>;

/** Sends the link with which the owner of an address chooses a new password. */
@Controller('forgot-password')
@Pages()
export class ForgottenPasswordPageController {
  constructor(private readonly resets: PasswordResetService) {}

  @Get()
  show(@CurrentPageContext() context: PageContext): Response {
    return renderForgottenPage(context, {});
  }

  /** The answer is the same for every address (docs/decisions/0050). */
  @Post()
  @PageQuota('recovery')
  async request(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: forgottenForm }) { login: email }: ForgottenForm,
  ): Promise<Response> {
    if (normalizeEmail(email) === undefined)
      return renderForgottenPage(context, { email, hasFailed: true });
    await this.resets.request(email, context.texts.language);
    const { recovery: texts } = context.texts;
    return renderPage(context, {
      title: texts.sentTitle,
      main: html`<h1>${texts.sentTitle}</h1>
        <p role="status">${texts.sentText(email)}</p>
        <p class="aside"><a href="${buildPageUrl('/login', context)}">${texts.backToLogin}</a></p>`,
    });
  }
}

interface ForgottenPageState {
  readonly email?: string;
  readonly hasFailed?: boolean;
}

function renderForgottenPage(context: PageContext, state: ForgottenPageState): Response {
  const { recovery: texts, login, registration } = context.texts;
  const { email, hasFailed = false } = state;
  const content = html`${renderField({
      id: 'login',
      label: login.email,
      type: 'email',
      autocomplete: 'username',
      value: email ?? context.interaction?.parameters['login_hint'],
      error: hasFailed && registration.emailFailed,
      hasFocus: true,
    })} <button id="submit" type="submit">${texts.submit}</button>`;
  return renderPage(context, {
    title: texts.title,
    status: hasFailed ? 400 : 200,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${texts.text}</p>
      ${renderForm(context, { action: '/forgot-password', content })}
      <p class="aside"><a href="${buildPageUrl('/login', context)}">${texts.backToLogin}</a></p>`,
  });
}

/** A password that is too long, missing or sent twice becomes an empty one, which breaks a rule. */
const resetForm = z.object({
  token: z.string().max(100).catch(''),
  password: z.string().max(512).catch(''),
});
type ResetForm = z.infer<typeof resetForm>;

/** Where the link of the mail leads. */
@Controller('reset-password')
@Pages()
export class PasswordResetPageController {
  constructor(
    private readonly resets: PasswordResetService,
    private readonly knownDevice: KnownDeviceCookie,
    private readonly events: SecurityEventService,
  ) {}

  /** Changes nothing, because mail scanners open links as well. */
  @Get()
  show(
    @CurrentPageContext() context: PageContext,
    @Query({ schema: resetForm }) { token }: ResetForm,
  ): Promise<Response> {
    return this.render(context, token);
  }

  @Post()
  @PageQuota('login')
  async reset(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: resetForm }) { token, password: newPassword }: ResetForm,
  ): Promise<Response> {
    const origin = this.knownDevice.readOrigin(context);
    const result = await this.resets.reset({ token, newPassword, origin });
    if (result.kind === 'broken rule') return this.render(context, token, result.rule);
    if (result.kind === 'invalid link') {
      await this.events.record({ type: 'email_action.refused', kind: 'reset_password' });
      return renderInvalidLink(context);
    }
    // A user who is signed in to another account also gets the login page.
    const registered = markSession(context.browserSession) || undefined;
    return seeOther(buildPageUrl('/login', context, { registered, password_reset: '1' }));
  }

  private async render(
    context: PageContext,
    token: string,
    brokenRule?: PasswordRule,
  ): Promise<Response> {
    const email = await this.resets.findEmail(token);
    if (email === undefined) return renderInvalidLink(context);
    const { recovery: texts } = context.texts;
    const content = html`${renderUsername(email)}
      ${renderNewPassword(context, { id: 'password', brokenRule, hasFocus: true })}
      <button id="submit" type="submit">${texts.resetSubmit}</button>
      <p class="quiet small">${texts.resetEffect}</p>`;
    return renderPage(context, {
      title: texts.resetTitle,
      status: brokenRule ? 400 : 200,
      main: html`<h1>${texts.resetTitle}</h1>
        <p class="quiet">${texts.resetText(email)}</p>
        ${renderForm(context, { action: '/reset-password', content, hidden: { token } })}`,
    });
  }
}

const renderInvalidLink = (context: PageContext): Response =>
  renderInvalidLinkPage(context, {
    href: buildPageUrl('/forgot-password', context),
    text: context.texts.recovery.askAgain,
  });
