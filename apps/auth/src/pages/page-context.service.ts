import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import { FormTokenService } from './form-token.service.js';
import { InteractionService } from './interaction.service.js';
import type { PageContext } from './page-context.js';
import { PageError } from './page-error.js';
import { selectTexts } from './texts/language.js';

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
