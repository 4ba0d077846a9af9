import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import { InteractionService } from './interaction.service.js';
import { FormTokenService } from './form-token.service.js';
import { PageError } from './page-error.js';
import { selectTexts } from './texts/language.js';
import type { PageContext } from './page-context.js';

/** What a browser sends with every request. */
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

/** Finds out who looks at a page. */
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

  /** @throws {PageError} where a ticket was sent that is not good, or not any more */
  async create(
    { headers, ip, query, body }: PageRequest,
    { mayHaveTicket }: { readonly mayHaveTicket: boolean },
  ): Promise<PageContext> {
    const sent = readTextField(body, 'ticket') ?? readTextField(query, 'ticket');
    const ticket = mayHaveTicket ? sent : undefined;
    const interaction = this.interactions.readTicket(ticket);
    if (ticket !== undefined && !interaction) throw new PageError('expired');

    const { cookie } = headers;
    const session = await this.sessions.findCurrent(cookie);
    const { browser, cookies } = this.tokens.identifyBrowser(cookie);
    const uiLocales = interaction?.parameters['ui_locales'] ?? readTextField(query, 'ui_locales');
    const purpose = (action: string) => ({
      browser,
      session: session?.secretHash,
      action: bindActionToTicket(action, ticket),
    });
    return {
      browserSession: session,
      interaction,
      ticket,
      texts: selectTexts(uiLocales, headers['accept-language']),
      base: this.basePath,
      cookie,
      cookies,
      userAgent: headers['user-agent'],
      ip,
      createFormToken: (action) => this.tokens.issue(purpose(action)),
      hasValidFormToken: (action) =>
        this.tokens.isValid(purpose(action), readTextField(body, 'form_token') ?? ''),
    };
  }
}

/** A form answers one request: another ticket in its place is not what the person saw. */
const bindActionToTicket = (path: string, ticket: string | undefined): string =>
  `${path} ${ticket ?? ''}`;

/** @returns nothing where it was sent twice, or is no text */
export function readTextField(fields: unknown, name: string): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  const value: unknown = new Map(Object.entries(fields)).get(name);
  return typeof value === 'string' ? value : undefined;
}
