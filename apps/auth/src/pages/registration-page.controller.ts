import { Body, Controller, Get, Post } from '@nestjs/common';
import { CredentialsService } from '../accounts/credentials.service.js';
import { registration } from '../accounts/registration.schema.js';
import { RateLimited } from '../platform/rate-limit.guard.js';
import { type ClientInfo, ClientInfoService } from './client-info.service.js';
import { renderField, renderForm } from './form.js';
import { html, type Html } from './html.js';
import { type LoginForm, loginForm } from './login-form.schema.js';
import type { PageContext } from './page-context.js';
import { buildPageUrl, renderPage, seeOther } from './page.js';
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
  async show(@CurrentPageContext() visitor: PageContext): Promise<Response> {
    return renderRegistrationPage(visitor, {
      client: await this.clientInfo.find(visitor.interaction),
    });
  }

  /** The answer is the same where the e-mail has an account (docs/decisions/0006). */
  @Post()
  @RateLimited('registration')
  async register(
    @CurrentPageContext() visitor: PageContext,
    @Body({ schema: loginForm }) { login: email, password }: LoginForm,
  ): Promise<Response> {
    const { data, error } = registration.safeParse({ email, password });
    if (error) {
      const isAbout = (name: string) => error.issues.some(({ path }) => path[0] === name);
      const wrong = { email: isAbout('email'), password: isAbout('password') };
      const requester = await this.clientInfo.find(visitor.interaction);
      return renderRegistrationPage(visitor, { client: requester, email, invalid: wrong });
    }
    await this.credentials.register(data);
    return seeOther(buildPageUrl('/login', visitor, { registered: '1' }));
  }
}

export interface RegistrationPageState {
  readonly client: ClientInfo | undefined;
  readonly email?: string;
  /** What is wrong with what was sent. */
  readonly invalid?: { readonly email: boolean; readonly password: boolean };
}

export function renderRegistrationPage(
  visitor: PageContext,
  state: RegistrationPageState,
): Response {
  const { registration: texts, login } = visitor.texts;
  const { client: requester, invalid: wrong } = state;
  return renderPage(visitor, {
    title: texts.title,
    status: wrong ? 400 : 200,
    formRedirectUri: requester?.redirectUri,
    main: html`<h1>${texts.title}</h1>
      ${requester && html`<p class="quiet">${login.to(requester.name)}</p>`}
      ${renderForm(visitor, { action: '/register', content: renderFields(visitor.texts, state) })}
      <p class="aside">
        ${texts.hasAccount} <a href="${buildPageUrl('/login', visitor)}">${texts.login}</a>
      </p>`,
  });
}

function renderFields({ registration: texts, login }: Texts, state: RegistrationPageState): Html {
  const { email, invalid: wrong = { email: false, password: false } } = state;
  return html`${renderField({
      id: 'login',
      label: login.email,
      type: 'email',
      autocomplete: 'username',
      value: email,
      error: wrong.email && texts.emailFailed,
      hasFocus: !wrong.password,
    })}
    ${renderField({
      id: 'password',
      label: login.password,
      type: 'password',
      autocomplete: 'new-password',
      hint: !wrong.password && texts.passwordHint,
      error: wrong.password && texts.passwordFailed,
      hasFocus: wrong.password,
    })} <button id="submit" type="submit">${texts.submit}</button>`;
}
