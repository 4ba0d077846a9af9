import { Body, Controller, Get, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { LoginQuotaGuard } from '../accounts/login-quota.guard.js';
import { RegistrationService } from '../accounts/registration.service.js';
import { type ClientInfo, ClientInfoService, markSession } from './interaction.service.js';
import { buildPageUrl, renderField, renderForm, renderPage, seeOther } from './page.js';
import { html, type Html } from './html.js';
import { loginForm, PageLoginService } from './page-login.service.js';
import {
  ACCOUNT_FORMS,
  type AccountForm,
  type PageContext,
  toAccountPath,
} from './page-context.js';
import { CurrentPageContext, Pages } from './pages.guard.js';

/** The name of a page of this server, so that no link can lead the user to another site. */
const nextPage = z.enum(ACCOUNT_FORMS).optional().catch(undefined);
const pageLoginForm = loginForm.extend({ next: nextPage });
type PageLoginForm = z.infer<typeof pageLoginForm>;

@Controller('login')
@Pages()
export class LoginPageController {
  constructor(
    private readonly logins: PageLoginService,
    private readonly clientInfo: ClientInfoService,
    private readonly registrations: RegistrationService,
  ) {}

  @Get()
  async show(
    @CurrentPageContext() context: PageContext,
    @Query() query: Readonly<Record<string, unknown>>,
  ): Promise<Response> {
    const { browserSession: session, interaction } = context;
    const { registered } = query;
    const next = nextPage.parse(query['next']);
    if (session && !interaction && registered !== markSession(session))
      return seeOther(buildPageUrl(toAccountPath(next), context));
    return renderLoginPage(context, {
      client: await this.clientInfo.find(interaction),
      canRegister: this.registrations.isOpen,
      arrival: ARRIVALS.find((name) => query[name] !== undefined),
      next,
    });
  }

  @Post()
  @UseGuards(LoginQuotaGuard)
  async login(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: pageLoginForm }) { login: email, password, next }: PageLoginForm,
  ): Promise<Response> {
    const signedIn = await this.logins.signIn(context, { email, password }, next);
    if (signedIn) return seeOther(signedIn.location, signedIn.cookies);
    const client = await this.clientInfo.find(context.interaction);
    const canRegister = this.registrations.isOpen;
    return renderLoginPage(context, { client, email, canRegister, hasFailed: true, next });
  }
}

/** The parameters of pages that lead here, which the page reports; the first one counts. */
const ARRIVALS = ['verified', 'password_reset', 'registered'] as const;
type Arrival = (typeof ARRIVALS)[number];
const ARRIVAL_TEXTS = {
  verified: 'verified',
  password_reset: 'passwordReset',
  registered: 'registered',
} as const;

export interface LoginPageState {
  readonly client: ClientInfo | undefined;
  readonly canRegister: boolean;
  /** The page does not reveal whether the e-mail or the password was wrong. */
  readonly hasFailed?: boolean;
  readonly arrival?: Arrival | undefined;
  readonly email?: string | undefined;
  /** Opens after the login. */
  readonly next?: AccountForm | undefined;
}

const LOGIN_ERROR_ID = 'login-failed';

export function renderLoginPage(context: PageContext, state: LoginPageState): Response {
  const { login: texts } = context.texts;
  const { client, canRegister, hasFailed, arrival, next } = state;
  return renderPage(context, {
    title: texts.title,
    status: hasFailed ? 400 : 200,
    formsLeadToClient: client !== undefined,
    main: html`<h1>${texts.title}</h1>
      ${client && html`<p class="quiet">${texts.continueTo(client.name)}</p>`}
      ${hasFailed && html`<p class="notice bad" id="${LOGIN_ERROR_ID}" role="alert">${texts.failed}</p>`}
      ${arrival && html`<p class="notice good" role="status">${texts[ARRIVAL_TEXTS[arrival]]}</p>`}
      ${renderForm(context, { action: '/login', content: renderFields(context, state), hidden: { next } })}
      <p class="aside">
        <a href="${buildPageUrl('/forgot-password', context)}">${texts.forgotPassword}</a>
      </p>
      ${
        canRegister &&
        html`<p class="aside">
          ${texts.noAccount} <a href="${buildPageUrl('/register', context)}">${texts.register}</a>
        </p>`
      }`,
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
