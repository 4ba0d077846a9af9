import { Body, Controller, Get, Inject, Post, Query } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { PageError } from '../pages/page-error.js';
import { seeOther } from '../pages/page.js';
import { CurrentVisitor, FromOtherSites, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';
import { responseTo } from './authorization-response.js';
import { type AuthorizationAnswer, Authorizations } from './authorizations.js';
import { parametersOf } from './parameters.js';

type Sent = Readonly<Record<string, unknown>>;

/** The authorization endpoint (RFC 6749 §3.1), which takes links and forms (OpenID Connect Core §3.1.2.1). */
@Controller('oauth/authorize')
@Pages()
export class AuthorizeController {
  private readonly base: string;

  constructor(
    private readonly authorizations: Authorizations,
    @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig,
  ) {
    this.base = new URL(ISSUER).pathname.replace(/\/$/, '');
  }

  @Get()
  async begin(@Query() query: Sent, @CurrentVisitor() { session }: Visitor): Promise<Response> {
    return this.respond(await this.authorizations.begin(parametersOf(query), session));
  }

  @Post()
  @FromOtherSites()
  async receive(@Body() form: Sent = {}): Promise<Response> {
    return this.respond(await this.authorizations.receive(parametersOf(form)));
  }

  @Get('continue')
  async goOn(@CurrentVisitor() { interaction, session }: Visitor): Promise<Response> {
    if (!interaction) throw new PageError('expired');
    return this.respond(await this.authorizations.goOn(interaction, session));
  }

  private respond(answer: AuthorizationAnswer): Response {
    if ('destination' in answer) return responseTo(answer.destination, answer.parameters);
    return seeOther(`${this.base}/${answer.next}?ticket=${answer.ticket}`);
  }
}
