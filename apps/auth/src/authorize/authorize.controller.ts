import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { PageError } from '../pages/page-error.js';
import { addressOf, seeOther } from '../pages/page.js';
import { CurrentVisitor, FromOtherSites, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';
import { RateLimited } from '../rate-limits/rate-limit.guard.js';
import { responseTo } from './authorization-response.js';
import { type AuthorizationAnswer, Authorizations } from './authorizations.js';
import { parametersOf } from './parameters.js';

type Sent = Readonly<Record<string, unknown>>;

/** The authorization endpoint (RFC 6749 §3.1), which takes links and forms (OpenID Connect Core §3.1.2.1). */
@Controller('oauth/authorize')
@RateLimited('authorization')
@Pages()
export class AuthorizeController {
  constructor(private readonly authorizations: Authorizations) {}

  @Get()
  @FromOtherSites()
  async begin(@Query() query: Sent, @CurrentVisitor() visitor: Visitor): Promise<Response> {
    const { session } = visitor;
    return answered(visitor, await this.authorizations.begin(parametersOf(query), session));
  }

  @Post()
  @FromOtherSites()
  async receive(@CurrentVisitor() visitor: Visitor, @Body() form?: Sent | null): Promise<Response> {
    return answered(visitor, await this.authorizations.receive(parametersOf(form ?? {})));
  }

  @Get('continue')
  async goOn(@CurrentVisitor() visitor: Visitor): Promise<Response> {
    const { interaction, session } = visitor;
    if (!interaction) throw new PageError('expired');
    return answered(visitor, await this.authorizations.goOn(interaction, session));
  }
}

function answered({ base }: Visitor, answer: AuthorizationAnswer): Response {
  if ('destination' in answer) return responseTo(answer.destination, answer.parameters);
  return seeOther(addressOf(`/${answer.next}`, { base, ticket: answer.ticket }));
}
