import { createHmac, randomBytes } from 'node:crypto';
import { createCookieBase, type RequestArrival } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type DerivedKey, isSameText, ServerSecrets } from '../platform/server-secrets.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import { ClientInfoService, findClientAddress, InteractionService } from './interaction.service.js';
import {
  findBasePath,
  type FormTokenState,
  type PageContext,
  readTextField,
} from './page-context.js';
import { PageError } from './page-error.filter.js';
import { selectTexts } from './texts/language.js';

const BROWSER_ID = /^[\w-]{22}$/;

/** The browser, session and purpose that a form token is valid for. */
export interface FormTokenBinding {
  /** From {@link FormTokenService.identifyBrowser}. */
  readonly browser: string;
  /** Hash of the browser session's secret; every login changes it. undefined for a form that any session may send. */
  readonly session: string | undefined;
  /** Path that receives the form, and the ticket of the authorization request. */
  readonly action: string;
}

/**
 * Form tokens prove that a form comes from a page of this server (CSRF). They also protect users without a session, because
 * an attacker could otherwise log a victim in to the attacker's account (login CSRF). The server stores nothing: a token is a
 * MAC over an id in a cookie of the browser, its session, and the form's purpose.
 */
@Injectable()
export class FormTokenService {
  private readonly keys: ReturnType<ServerSecrets['derive']>;
  private readonly attributes;

  constructor(secrets: ServerSecrets, @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig) {
    this.keys = secrets.derive('form token mac');
    this.attributes = { ...createCookieBase(ISSUER, 'form'), sameSite: 'lax' } as const;
  }

  /**
   * @param header `Cookie`
   * @returns the browser's id, and `Set-Cookie` headers if the browser has none yet
   */
  identifyBrowser(header: string | undefined): { browser: string; cookies: readonly string[] } {
    const known = parseCookie(header ?? '')[this.attributes.name];
    if (known !== undefined && BROWSER_ID.test(known)) return { browser: known, cookies: [] };
    const browser = randomBytes(16).toString('base64url');
    const cookie = stringifySetCookie({ ...this.attributes, value: browser });
    return { browser, cookies: [cookie] };
  }

  issue(binding: FormTokenBinding): string {
    const key = this.keys.current;
    return `${key.secretId}.${signWithSession(binding, key)}.${signForBrowser(binding, key)}`;
  }

  check(binding: FormTokenBinding, token: string): FormTokenState {
    const [secretId = '', withSession = '', forBrowser = ''] = token.split('.');
    const key = this.keys.all.get(secretId);
    if (!key || !isSameText(forBrowser, signForBrowser(binding, key))) return 'foreign';
    return isSameText(withSession, signWithSession(binding, key)) ? 'valid' : 'outdated';
  }
}

const sign = (content: readonly (string | null)[], { key }: DerivedKey): string =>
  createHmac('sha256', key).update(JSON.stringify(content)).digest('base64url');

const signWithSession = ({ browser, session, action }: FormTokenBinding, key: DerivedKey): string =>
  sign([browser, session ?? null, action], key);

/** The same in all sessions of the browser: it tells an outdated form from a forged one. */
const signForBrowser = ({ browser, action }: FormTokenBinding, key: DerivedKey): string =>
  sign([browser, action], key);

/** The user types the e-mail in these forms, or opened them by a mail, so they have the same meaning in every session. */
const FORMS_OF_ANY_SESSION: readonly string[] = [
  ...['/login', '/register', '/verify-email', '/forgot-password', '/reset-password'],
];

/** The parts of an HTTP request that a page context is made from. */
export interface PageRequest {
  readonly headers: {
    readonly cookie?: string | undefined;
    readonly 'accept-language'?: string | undefined;
    readonly 'user-agent'?: string | undefined;
  };
  readonly ip: string;
  readonly arrival: RequestArrival | undefined;
  readonly query: unknown;
  readonly body: unknown;
}

@Injectable()
export class PageContextService {
  private readonly basePath: string;

  constructor(
    private readonly sessions: BrowserSessionService,
    private readonly interactions: InteractionService,
    private readonly clientInfo: ClientInfoService,
    private readonly tokens: FormTokenService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.basePath = findBasePath(config);
  }

  /**
   * @param options `allowsTicket`: whether a parameter `ticket` is this server's; otherwise it is ignored
   * @throws {PageError} `expired` or `invalidTicket`
   */
  async create(
    { headers, ip, arrival, query, body }: PageRequest,
    { allowsTicket }: { readonly allowsTicket: boolean },
  ): Promise<PageContext> {
    const received = readTextField(body, 'ticket') ?? readTextField(query, 'ticket');
    const ticket = allowsTicket ? received : undefined;
    const interaction = this.interactions.readTicket(ticket);
    if (ticket !== undefined && !interaction) throw await this.describeUnusableTicket(ticket);

    const { cookie } = headers;
    const browserSession = await this.sessions.findCurrent(cookie);
    const { browser, cookies } = this.tokens.identifyBrowser(cookie);
    const uiLocales = interaction?.parameters['ui_locales'] ?? readTextField(query, 'ui_locales');
    const bindingOf = (action: string) => ({
      browser,
      session: FORMS_OF_ANY_SESSION.includes(action) ? undefined : browserSession?.secretHash,
      action: bindActionToTicket(action, ticket),
    });
    return {
      browserSession,
      interaction,
      ticket,
      texts: selectTexts(uiLocales, headers['accept-language']),
      base: this.basePath,
      cookie,
      cookies,
      userAgent: headers['user-agent'],
      ip,
      arrival,
      createFormToken: (action) => this.tokens.issue(bindingOf(action)),
      checkFormToken: (action) =>
        this.tokens.check(bindingOf(action), readTextField(body, 'form_token') ?? ''),
    };
  }

  /** This server wrote an expired ticket, so the user can go back to the client that it names. */
  private async describeUnusableTicket(ticket: string): Promise<PageError> {
    const expired = this.interactions.readTicketOfAnyAge(ticket);
    if (!expired) return new PageError('invalidTicket');
    const client = await this.clientInfo.find(expired);
    if (!client) return new PageError('expired');
    const { state } = expired.parameters;
    const href = findClientAddress(client.redirectUri, { state, iss: this.config.ISSUER });
    return new PageError('expired', { returnTo: { href, client: client.name } });
  }
}

/** A form is valid for the authorization request that the page showed, so its token covers the ticket. */
const bindActionToTicket = (path: string, ticket: string | undefined): string =>
  `${path} ${ticket ?? ''}`;
