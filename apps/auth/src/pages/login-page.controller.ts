import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { RateLimited } from '../platform/rate-limit.guard.js';
import { type ClientInfo, ClientInfoService } from './client-info.service.js';
import { renderField, renderForm } from './form.js';
import { html, type Html } from './html.js';
import { type LoginForm, loginForm } from './login-form.schema.js';
import type { PageContext } from './page-context.js';
import { PageLoginService } from './page-login.service.js';
import { buildPageUrl, renderPage, seeOther } from './page.js';
import { CurrentPageContext, Pages } from './pages.guard.js';

@Controller('login')
@Pages()
export class LoginPageController {
  constructor(
    private readonly logins: PageLoginService,
    private readonly clientInfo: ClientInfoService,
  ) {}

  @Get()
  async show(
    @CurrentPageContext() visitor: PageContext,
    @Query('registered') registered?: unknown,
  ): Promise<Response> {
    if (visitor.browserSession && !visitor.interaction)
      return seeOther(buildPageUrl('/account', visitor));
    const requester = await this.clientInfo.find(visitor.interaction);
    return renderLoginPage(visitor, { client: requester, hasRegistered: registered !== undefined });
  }

  @Post()
  @RateLimited('login')
  async login(
    @CurrentPageContext() visitor: PageContext,
    @Body({ schema: loginForm }) { login: email, password }: LoginForm,
  ): Promise<Response> {
    const entry = await this.logins.signIn(visitor, { email, password });
    if (entry) return seeOther(entry.location, entry.cookies);
    const requester = await this.clientInfo.find(visitor.interaction);
    return renderLoginPage(visitor, { client: requester, email, hasFailed: true });
  }
}

export interface LoginPageState {
  readonly client: ClientInfo | undefined;
  /** Nothing tells which of the two was wrong, or why. */
  readonly hasFailed?: boolean;
  readonly hasRegistered?: boolean;
  readonly email?: string | undefined;
}

const LOGIN_ERROR_ID = 'login-failed';

export function renderLoginPage(visitor: PageContext, state: LoginPageState): Response {
  const { login: texts } = visitor.texts;
  const { client: requester, hasFailed, hasRegistered } = state;
  return renderPage(visitor, {
    title: texts.title,
    status: hasFailed ? 400 : 200,
    formRedirectUri: requester?.redirectUri,
    main: html`<h1>${texts.title}</h1>
      ${requester && html`<p class="quiet">${texts.to(requester.name)}</p>`}
      ${hasFailed && html`<p class="notice bad" id="${LOGIN_ERROR_ID}" role="alert">${texts.failed}</p>`}
      ${hasRegistered && html`<p class="notice good" role="status">${texts.registered}</p>`}
      ${renderForm(visitor, { action: '/login', content: renderFields(visitor, state) })}
      <p class="aside">
        ${texts.noAccount} <a href="${buildPageUrl('/register', visitor)}">${texts.register}</a>
      </p>`,
  });
}

function renderFields(
  { texts: { login: texts }, interaction }: PageContext,
  state: LoginPageState,
): Html {
  const value = state.email ?? interaction?.parameters['login_hint'] ?? '';
  const errorId = state.hasFailed ? LOGIN_ERROR_ID : undefined;
  return html`${renderField({
      id: 'login',
      label: texts.email,
      type: 'email',
      autocomplete: 'username',
      value,
      errorId,
      hasFocus: value === '',
    })}
    ${renderField({
      id: 'password',
      label: texts.password,
      type: 'password',
      autocomplete: 'current-password',
      errorId,
      hasFocus: value !== '',
    })} <button id="submit" type="submit">${texts.submit}</button>`;
}
