import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import type { EmailAction } from '../accounts/email-action.repository.js';
import { RegistrationService } from '../accounts/registration.service.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import {
  type ConfirmingSession,
  EmailVerificationService,
  type VerifiedAccount,
} from '../sessions/email-verification.service.js';
import { renderWayBack } from './account-forms.js';
import { html } from './html.js';
import { markSession } from './interaction.service.js';
import type { PageContext } from './page-context.js';
import { buildPageUrl, renderField, renderForm, renderPage, seeOther } from './page.js';
import { CurrentPageContext, PageQuota, Pages } from './pages.guard.js';

const text = (max: number) => z.string().max(max).catch('');
/** The query of both pages, and the fields of both forms. */
const verificationFields = z.object({
  /** The id of a verification: the page asks for its code. */
  verification: text(22),
  code: text(20),
  /** `1` for the new address of an account. */
  change: text(1),
  /** Of a link. */
  token: text(100),
  password: text(512),
});
type VerificationFields = z.infer<typeof verificationFields>;

/** Where a person confirms the e-mail address: by the code of the mail on the page after the registration, or by the link. */
@Controller('verify-email')
@Pages()
export class EmailVerificationPageController {
  constructor(
    private readonly verifications: EmailVerificationService,
    private readonly registrations: RegistrationService,
    private readonly events: SecurityEventService,
  ) {}

  /** Changes nothing, because mail scanners open links as well. */
  @Get()
  async show(
    @CurrentPageContext() context: PageContext,
    @Query({ schema: verificationFields }) fields: VerificationFields,
  ): Promise<Response> {
    const { token } = fields;
    if (token === '') return this.renderCodePage(context, fields);
    const action = await this.verifications.findByLink(token);
    return action ? renderLinkPage(context, { action, token }) : renderInvalidLinkPage(context);
  }

  @Post()
  @PageQuota('login')
  async confirm(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: verificationFields }) fields: VerificationFields,
  ): Promise<Response> {
    if (fields.token !== '') return this.confirmByLink(context, fields);
    const { verification, code } = fields;
    const session = toConfirmingSession(context);
    const verified = await this.verifications.confirmByCode({ id: verification, code }, session);
    if (verified) return leave(context, verified);
    await this.recordRefusal();
    return this.renderCodePage(context, fields, true);
  }

  private async confirmByLink(
    context: PageContext,
    { token, password }: VerificationFields,
  ): Promise<Response> {
    const action = await this.verifications.findByLink(token);
    const verified = action && (await this.claim(context, action, password));
    if (verified) return leave(context, verified);
    await this.recordRefusal();
    return action
      ? renderLinkPage(context, { action, token, hasFailed: true })
      : renderInvalidLinkPage(context);
  }

  private claim(context: PageContext, action: EmailAction, password: string) {
    const session = toConfirmingSession(context);
    return isOwnAction(context, action) && session
      ? this.verifications.confirmInSession(action, session)
      : this.verifications.confirmByPassword(action, password);
  }

  private recordRefusal(): Promise<void> {
    return this.events.record({ type: 'email_action.refused', kind: 'verify_email' });
  }

  private renderCodePage(
    context: PageContext,
    { verification, change }: VerificationFields,
    hasFailed = false,
  ): Response {
    const { verification: texts } = context.texts;
    const canLogIn = change === '' && !this.registrations.needsVerification;
    const content = html`${renderField({
        id: 'code',
        label: texts.code,
        type: 'code',
        autocomplete: 'one-time-code',
        hint: texts.codeHint,
        error: hasFailed && texts.codeFailed,
        hasFocus: true,
      })} <button id="submit" type="submit">${texts.submit}</button>`;
    return renderPage(context, {
      title: texts.title,
      status: hasFailed ? 400 : 200,
      main: html`<h1>${texts.title}</h1>
        <p class="quiet">${texts.sent}</p>
        ${renderForm(context, { action: '/verify-email', content, hidden: { verification, change } })}
        ${change !== '' && renderWayBack(context)}
        ${
          canLogIn &&
          html`<p class="aside">
            <a id="later" href="${buildLoginUrl(context)}">${texts.later}</a>
          </p>`
        }`,
    });
  }
}

const toConfirmingSession = ({
  browserSession: session,
}: PageContext): ConfirmingSession | undefined =>
  session && {
    accountId: session.accountId,
    kept: { kind: 'browser_session', id: session.id },
  };

/** In a session of the account a button is enough. */
const isOwnAction = ({ browserSession: session }: PageContext, { accountId }: EmailAction) =>
  accountId !== null && session?.accountId === accountId;

/** The login page also has a meaning for a user who is signed in to another account, and has just registered. */
const buildLoginUrl = (context: PageContext, parameters: Readonly<Record<string, string>> = {}) =>
  buildPageUrl('/login', context, {
    registered: markSession(context.browserSession) || '1',
    ...parameters,
  });

function leave(context: PageContext, { accountId, hasNewEmail }: VerifiedAccount): Response {
  const isOwn = context.browserSession?.accountId === accountId;
  if (isOwn && !context.interaction)
    return seeOther(
      buildPageUrl('/account', context, {
        [hasNewEmail ? 'email_changed' : 'email_verified']: '1',
      }),
    );
  return seeOther(buildLoginUrl(context, { verified: '1' }));
}

interface LinkPageState {
  readonly action: EmailAction;
  readonly token: string;
  readonly hasFailed?: boolean;
}

function renderLinkPage(
  context: PageContext,
  { action, token, hasFailed = false }: LinkPageState,
): Response {
  const { verification: texts } = context.texts;
  const isOwn = isOwnAction(context, action);
  const content = html`${
      !isOwn &&
      html`<input type="hidden" name="username" autocomplete="username" value="${action.email}" />
        ${renderField({
          id: 'password',
          label: texts.password,
          type: 'password',
          autocomplete: 'current-password',
          error: hasFailed && texts.passwordFailed,
          hasFocus: true,
        })}`
    } <button id="submit" type="submit">${texts.submit}</button>`;
  return renderPage(context, {
    title: texts.title,
    status: hasFailed ? 400 : 200,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${texts.linkText(action.email)}</p>
      ${renderForm(context, { action: '/verify-email', content, hidden: { token } })}
      ${
        !isOwn &&
        html`<p class="aside">
          <a href="${buildPageUrl('/forgot-password', context)}"
            >${context.texts.login.forgotPassword}</a
          >
        </p>`
      }`,
  });
}

/** For a link that was used, replaced or changed, or has expired. */
export function renderInvalidLinkPage(context: PageContext, again?: PageLink): Response {
  const { verification: texts, recovery } = context.texts;
  const { href, text: label } = again ?? {
    href: buildPageUrl('/login', context),
    text: recovery.backToLogin,
  };
  return renderPage(context, {
    title: texts.invalidTitle,
    status: 400,
    main: html`<h1>${texts.invalidTitle}</h1>
      <p>${texts.invalidText}</p>
      <a class="button plain" id="way-on" href="${href}">${label}</a>`,
  });
}

interface PageLink {
  readonly href: string;
  readonly text: string;
}
