import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { BrowserSessions } from '../browser-sessions/browser-sessions.js';
import { Interactions } from '../interactions/interactions.js';
import { FormTokens } from './form-tokens.js';
import { PageError } from './page-error.js';
import { textsFor } from './texts/language.js';
import type { Visitor } from './visitor.js';

/** What a browser sends with every request. */
export interface Visit {
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
export class Visitors {
  private readonly base: string;

  constructor(
    private readonly sessions: BrowserSessions,
    private readonly interactions: Interactions,
    private readonly tokens: FormTokens,
    @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig,
  ) {
    this.base = new URL(ISSUER).pathname.replace(/\/$/, '');
  }

  /** @throws {PageError} where a ticket was sent that is not good, or not any more */
  async of(
    { headers, ip, query, body }: Visit,
    { mayHaveTicket }: { readonly mayHaveTicket: boolean },
  ): Promise<Visitor> {
    const sent = fieldOf(body, 'ticket') ?? fieldOf(query, 'ticket');
    const ticket = mayHaveTicket ? sent : undefined;
    const interaction = this.interactions.open(ticket);
    if (ticket !== undefined && !interaction) throw new PageError('expired');

    const { cookie } = headers;
    const session = await this.sessions.current(cookie);
    const { browser, cookies } = this.tokens.browserOf(cookie);
    const uiLocales = interaction?.parameters['ui_locales'] ?? fieldOf(query, 'ui_locales');
    const purpose = (action: string) => ({
      browser,
      session: session?.secretHash,
      action: actionOf(action, ticket),
    });
    return {
      session,
      interaction,
      ticket,
      texts: textsFor(uiLocales, headers['accept-language']),
      base: this.base,
      cookie,
      cookies,
      userAgent: headers['user-agent'],
      ip,
      formToken: (action) => this.tokens.issue(purpose(action)),
      isOwnForm: (action) => this.tokens.isFor(purpose(action), fieldOf(body, 'form_token') ?? ''),
    };
  }
}

/** A form answers one request: another ticket in its place is not what the person saw. */
const actionOf = (path: string, ticket: string | undefined): string => `${path} ${ticket ?? ''}`;

/** @returns nothing where it was sent twice, or is no text */
export function fieldOf(fields: unknown, name: string): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  const value: unknown = new Map(Object.entries(fields)).get(name);
  return typeof value === 'string' ? value : undefined;
}
