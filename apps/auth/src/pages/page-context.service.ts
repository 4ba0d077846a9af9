import { createHmac, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type DerivedKey, isSameText, ServerSecrets } from '../platform/server-secrets.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import { InteractionService } from './interaction.service.js';
import type { PageContext } from './page-context.js';
import { PageError } from './page-error.filter.js';
import { selectTexts } from './texts/language.js';

const BROWSER_ID = /^[\w-]{22}$/;

/** The browser, session and purpose that a form token is valid for. */
export interface FormTokenBinding {
  /** From {@link FormTokenService.identifyBrowser}. */
  readonly browser: string;
  /** Hash of the browser session's secret; every login changes it. */
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
  private readonly cookieName: string;
  private readonly attributes;

  constructor(secrets: ServerSecrets, @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig) {
    this.keys = secrets.derive('form token mac');
    const secure = ISSUER.startsWith('https:');
    this.cookieName = secure ? '__Host-form' : 'form';
    this.attributes = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const;
  }

  /**
   * @param header `Cookie`
   * @returns the browser's id, and `Set-Cookie` headers if the browser has none yet
   */
  identifyBrowser(header: string | undefined): { browser: string; cookies: readonly string[] } {
    const known = parseCookie(header ?? '')[this.cookieName];
    if (known !== undefined && BROWSER_ID.test(known)) return { browser: known, cookies: [] };
    const browser = randomBytes(16).toString('base64url');
    const cookie = { ...this.attributes, name: this.cookieName, value: browser };
    return { browser, cookies: [stringifySetCookie(cookie)] };
  }

  issue(binding: FormTokenBinding): string {
    return signToken(binding, this.keys.current);
  }

  isValid(binding: FormTokenBinding, token: string): boolean {
    const key = this.keys.all.get(token.split('.')[0] ?? '');
    return key !== undefined && isSameText(token, signToken(binding, key));
  }
}

function signToken(
  { browser, session, action }: FormTokenBinding,
  { secretId, key }: DerivedKey,
): string {
  const content = JSON.stringify([browser, session ?? null, action]);
  return `${secretId}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}

/** The parts of an HTTP request that a page context is made from. */
export interface PageRequest {
  readonly headers: {
    readonly cookie?: string | undefined;
    readonly 'accept-language'?: string | undefined;
    readonly 'user-agent'?: string | undefined;
  };
  readonly ip: string;
  readonly query: unknown;
  readonly body: unknown;
}

@Injectable()
export class PageContextService {
  private readonly basePath: string;

  constructor(
    private readonly sessions: BrowserSessionService,
    private readonly interactions: InteractionService,
    private readonly tokens: FormTokenService,
    @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig,
  ) {
    this.basePath = new URL(ISSUER).pathname.replace(/\/$/, '');
  }

  /**
   * @param options `allowsTicket`: whether a parameter `ticket` is this server's; otherwise it is ignored
   * @throws {PageError} `expired` if the ticket is invalid or expired
   */
  async create(
    { headers, ip, query, body }: PageRequest,
    { allowsTicket }: { readonly allowsTicket: boolean },
  ): Promise<PageContext> {
    const received = readTextField(body, 'ticket') ?? readTextField(query, 'ticket');
    const ticket = allowsTicket ? received : undefined;
    const interaction = this.interactions.readTicket(ticket);
    if (ticket !== undefined && !interaction) throw new PageError('expired');

    const { cookie } = headers;
    const browserSession = await this.sessions.findCurrent(cookie);
    const { browser, cookies } = this.tokens.identifyBrowser(cookie);
    const uiLocales = interaction?.parameters['ui_locales'] ?? readTextField(query, 'ui_locales');
    const bindingOf = (action: string) => ({
      browser,
      session: browserSession?.secretHash,
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
      createFormToken: (action) => this.tokens.issue(bindingOf(action)),
      hasValidFormToken: (action) =>
        this.tokens.isValid(bindingOf(action), readTextField(body, 'form_token') ?? ''),
    };
  }
}

/** A form is valid for the authorization request that the page showed, so its token covers the ticket. */
const bindActionToTicket = (path: string, ticket: string | undefined): string =>
  `${path} ${ticket ?? ''}`;

/** @returns `undefined` if the field is missing, was sent twice, or is not text */
function readTextField(fields: unknown, name: string): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  const value: unknown = new Map(Object.entries(fields)).get(name);
  return typeof value === 'string' ? value : undefined;
}
