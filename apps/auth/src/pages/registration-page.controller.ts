import { Body, Controller, Get, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { findBrokenRule, type PasswordRule } from '../accounts/password-policy.js';
import { registration } from '../accounts/credentials.service.js';
import { RegistrationGuard } from '../accounts/registration.guard.js';
import { RegistrationService } from '../accounts/registration.service.js';
import { type ClientInfo, ClientInfoService } from './interaction.service.js';
import { buildPageUrl, renderField, renderForm, renderPage, seeOther } from './page.js';
import { html, type Html } from './html.js';
import { loginForm } from './page-login.service.js';
import type { PageContext } from './page-context.js';
import { CurrentPageContext, Pages } from './pages.guard.js';
import type { Texts } from './texts/en.js';

const registrationForm = loginForm.extend({ invitation: z.string().optional().catch(undefined) });
type RegistrationForm = z.infer<typeof registrationForm>;

@Controller('register')
@UseGuards(RegistrationGuard)
@Pages()
export class RegistrationPageController {
  constructor(
    private readonly registrations: RegistrationService,
    private readonly clientInfo: ClientInfoService,
  ) {}

  @Get()
  async show(
    @CurrentPageContext() context: PageContext,
    @Query('invitation') invitation?: unknown,
  ): Promise<Response> {
    return renderRegistrationPage(context, await this.findState(context, invitation));
  }

  /** The response is the same for an e-mail that has an account (docs/decisions/0006). */
  @Post()
  async register(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: registrationForm }) { login: email, password, invitation }: RegistrationForm,
  ): Promise<Response> {
    const { data, error } = registration.safeParse({ email, password, invitation });
    if (error) {
      const isAbout = (name: string) => error.issues.some(({ path }) => path[0] === name);
      const broken = { email: isAbout('email'), password: isAbout('password') };
      const invalid = { ...broken, rule: findBrokenRule(password, email) };
      const state = await this.findState(context, invitation);
      return renderRegistrationPage(context, { email, ...state, invalid });
    }
    const verification = await this.registrations.register(data, context.texts.language);
    return seeOther(buildPageUrl('/verify-email', context, { verification }));
  }

  /** An invitation is for one e-mail address, so its page shows the address. */
  private async findState(
    { interaction }: PageContext,
    code: unknown,
  ): Promise<RegistrationPageState> {
    const client = await this.clientInfo.find(interaction);
    const email = await this.registrations.findInvitedEmail(code);
    return email === undefined ? { client } : { client, email, invitation: String(code) };
  }
}

export interface RegistrationPageState {
  readonly client: ClientInfo | undefined;
  readonly email?: string;
  /** The code of the user's invitation. */
  readonly invitation?: string;
  /** The fields that violate a rule. */
  readonly invalid?: {
    readonly email: boolean;
    readonly password: boolean;
    readonly rule?: PasswordRule | undefined;
  };
}

export function renderRegistrationPage(
  context: PageContext,
  state: RegistrationPageState,
): Response {
  const { registration: texts, login } = context.texts;
  const { client, invalid, invitation } = state;
  return renderPage(context, {
    title: texts.title,
    status: invalid ? 400 : 200,
    main: html`<h1>${texts.title}</h1>
      ${client && html`<p class="quiet">${login.continueTo(client.name)}</p>`}
      ${renderForm(context, {
        action: '/register',
        content: renderFields(context.texts, state),
        hidden: { invitation },
      })}
      <p class="aside">
        ${texts.hasAccount} <a href="${buildPageUrl('/login', context)}">${texts.login}</a>
      </p>`,
  });
}

/** The server names the rule that the password breaks. */
const describeFault = ({ rules }: Texts['password'], { invalid }: RegistrationPageState): string =>
  rules[invalid?.rule ?? 'length'];

function renderFields(
  { registration: texts, login, password }: Texts,
  state: RegistrationPageState,
): Html {
  const { email, invalid = { email: false, password: false }, invitation } = state;
  return html`${renderField({
      id: 'login',
      label: login.email,
      type: 'email',
      autocomplete: 'username',
      value: email,
      error: invalid.email && texts.emailFailed,
      hasFocus: !invalid.password && invitation === undefined,
      isReadOnly: invitation !== undefined,
    })}
    ${renderField({
      id: 'password',
      label: login.password,
      type: 'password',
      autocomplete: 'new-password',
      hint: !invalid.password && texts.passwordHint,
      error: invalid.password && describeFault(password, state),
      hasFocus: invalid.password || invitation !== undefined,
    })} <button id="submit" type="submit">${texts.submit}</button>`;
}
