import type { PasswordRule } from '../accounts/password-policy.js';
import { buildPageUrl, renderField, renderForm, renderPage } from './page.js';
import { html, type Html } from './html.js';
import type { PageContext } from './page-context.js';

/** Why a form was refused: the current password is wrong, or the new one breaks a rule. */
export type PasswordFault = 'wrong' | PasswordRule;

/** Names the account to password managers. */
export const renderUsername = (email: string): Html =>
  html`<input type="hidden" name="username" autocomplete="username" value="${email}" />`;

const renderCurrentPassword = ({ texts }: PageContext, fault?: string): Html =>
  renderField({
    id: 'current_password',
    label: texts.password.current,
    type: 'password',
    autocomplete: 'current-password',
    error: fault === 'wrong' && texts.password.wrong,
    hasFocus: fault === undefined || fault === 'wrong',
  });

interface NewPasswordField {
  readonly id: string;
  /** The rule that the last entry broke. */
  readonly brokenRule: PasswordRule | undefined;
  readonly hasFocus: boolean;
}

export const renderNewPassword = (
  { texts: { password, registration } }: PageContext,
  { id, brokenRule, hasFocus }: NewPasswordField,
): Html =>
  renderField({
    id,
    label: password.replacement,
    type: 'password',
    autocomplete: 'new-password',
    hint: !brokenRule && registration.passwordHint,
    error: brokenRule && password.rules[brokenRule],
    hasFocus,
  });

export const renderWayBack = (context: PageContext): Html =>
  html`<p class="aside">
    <a href="${buildPageUrl('/account', context)}">${context.texts.settings.back}</a>
  </p>`;

/** Why the form for another address was refused. `email`: the text is no address. */
export type EmailFault = 'wrong' | 'email' | 'same';

export interface EmailPageState {
  /** The address of the account. */
  readonly email: string;
  readonly newEmail?: string;
  readonly fault?: EmailFault;
}

export function renderEmailPage(
  context: PageContext,
  { email, newEmail, fault }: EmailPageState,
): Response {
  const { emailChange: texts, registration, account } = context.texts;
  const faults = { email: registration.emailFailed, same: texts.same };
  const error = fault === 'email' || fault === 'same' ? faults[fault] : undefined;
  const content = html`${renderField({
      id: 'new_email',
      label: texts.address,
      type: 'email',
      autocomplete: 'email',
      value: newEmail,
      error,
      hasFocus: fault !== 'wrong',
    })}
    ${renderUsername(email)} ${renderCurrentPassword(context, fault ?? 'none')}
    <button id="change-email" type="submit">${texts.submit}</button>
    <p class="quiet small">${texts.effect}</p>`;
  return renderPage(context, {
    title: texts.title,
    status: fault ? 400 : 200,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${account.signedInAs(email)}</p>
      ${renderForm(context, { action: '/account/email', content })} ${renderWayBack(context)}`,
  });
}

export function renderPasswordPage(
  context: PageContext,
  email: string,
  fault?: PasswordFault,
): Response {
  const { password: texts } = context.texts;
  const brokenRule = fault === 'wrong' ? undefined : fault;
  const content = html`${renderUsername(email)} ${renderCurrentPassword(context, fault)}
    ${renderNewPassword(context, { id: 'new_password', brokenRule, hasFocus: brokenRule !== undefined })}
    <button id="change-password" type="submit">${texts.submit}</button>
    <p class="quiet small">${texts.effect}</p>`;
  return renderPage(context, {
    title: texts.title,
    status: fault ? 400 : 200,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${context.texts.account.signedInAs(email)}</p>
      ${renderForm(context, { action: '/account/password', content })} ${renderWayBack(context)}`,
  });
}

export function renderDeletionPage(context: PageContext, email: string, fault?: 'wrong'): Response {
  const { deletion: texts, account } = context.texts;
  const content = html`${renderUsername(email)} ${renderCurrentPassword(context, fault)}
    <button id="delete-account" type="submit">${texts.submit}</button>
    <a class="button plain" href="${buildPageUrl('/account', context)}">${texts.cancel}</a>`;
  return renderPage(context, {
    title: texts.title,
    status: fault ? 400 : 200,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${account.signedInAs(email)}</p>
      ${texts.effects.map((effect) => html`<p>${effect}</p>`)}
      ${renderForm(context, { action: '/account/delete', content })}`,
  });
}

export function renderDeletedPage(context: PageContext): Response {
  const { deletion: texts } = context.texts;
  return renderPage(context, {
    title: texts.done,
    main: html`<h1>${texts.done}</h1>
      <p>${texts.doneText}</p>`,
  });
}
