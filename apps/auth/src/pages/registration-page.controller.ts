import { Body, Controller, Get, Post } from '@nestjs/common';
import { findBrokenRule, type PasswordRule } from '../accounts/password-policy.js';
import { CredentialsService, registration } from '../accounts/credentials.service.js';
import { RateLimited } from '../platform/rate-limit.service.js';
import { type ClientInfo, ClientInfoService, markSession } from './interaction.service.js';
import { buildPageUrl, renderField, renderForm, renderPage, seeOther } from './page.js';
import { html, type Html } from './html.js';
import { type LoginForm, loginForm } from './page-login.service.js';
import type { PageContext } from './page-context.js';
import { CurrentPageContext, Pages } from './pages.guard.js';
import type { Texts } from './texts/en.js';

@Controller('register')
@Pages()
export class RegistrationPageController {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly clientInfo: ClientInfoService,
  ) {}

  @Get()
  async show(@CurrentPageContext() context: PageContext): Promise<Response> {
    const client = await this.clientInfo.find(context.interaction);
    return renderRegistrationPage(context, { client });
  }

  /** The response is the same for an e-mail that has an account (docs/decisions/0006). */
  @Post()
  @RateLimited('registration')
  async register(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: loginForm }) { login: email, password }: LoginForm,
  ): Promise<Response> {
    const { data, error } = registration.safeParse({ email, password });
    if (error) {
      const isAbout = (name: string) => error.issues.some(({ path }) => path[0] === name);
      const broken = { email: isAbout('email'), password: isAbout('password') };
      const invalid = { ...broken, rule: findBrokenRule(password, email) };
      const client = await this.clientInfo.find(context.interaction);
      return renderRegistrationPage(context, { client, email, invalid });
    }
    await this.credentials.register(data);
    return seeOther(
      buildPageUrl('/login', context, {
        registered: markSession(context.browserSession) || '1',
      }),
    );
  }
}

export interface RegistrationPageState {
  readonly client: ClientInfo | undefined;
  readonly email?: string;
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
  const { client, invalid } = state;
  return renderPage(context, {
    title: texts.title,
    status: invalid ? 400 : 200,
    main: html`<h1>${texts.title}</h1>
      ${client && html`<p class="quiet">${login.continueTo(client.name)}</p>`}
      ${renderForm(context, { action: '/register', content: renderFields(context.texts, state) })}
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
  const { email, invalid = { email: false, password: false } } = state;
  return html`${renderField({
      id: 'login',
      label: login.email,
      type: 'email',
      autocomplete: 'username',
      value: email,
      error: invalid.email && texts.emailFailed,
      hasFocus: !invalid.password,
    })}
    ${renderField({
      id: 'password',
      label: login.password,
      type: 'password',
      autocomplete: 'new-password',
      hint: !invalid.password && texts.passwordHint,
      error: invalid.password && describeFault(password, state),
      hasFocus: invalid.password,
    })} <button id="submit" type="submit">${texts.submit}</button>`;
}
