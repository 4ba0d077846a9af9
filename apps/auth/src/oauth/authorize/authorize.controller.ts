import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { PageError } from '../../pages/page-error.js';
import { buildPageUrl, seeOther } from '../../pages/page.js';
import { AllowCrossSite, CurrentPageContext, Pages } from '../../pages/pages.guard.js';
import type { PageContext } from '../../pages/page-context.js';
import { RateLimited } from '../../platform/rate-limit.guard.js';
import { createAuthorizationResponse } from './authorization-response.js';
import { type AuthorizationAnswer, AuthorizationService } from './authorization.service.js';
import { readParameters } from './authorization-parameters.js';

type RawParameters = Readonly<Record<string, unknown>>;

/** The authorization endpoint (RFC 6749 §3.1), which takes links and forms (OpenID Connect Core §3.1.2.1). */
@Controller('oauth/authorize')
@RateLimited('authorization')
@Pages()
export class AuthorizeController {
  constructor(private readonly authorizations: AuthorizationService) {}

  @Get()
  @AllowCrossSite()
  async authorize(
    @Query() query: RawParameters,
    @CurrentPageContext() visitor: PageContext,
  ): Promise<Response> {
    const { browserSession: session } = visitor;
    return toHttpResponse(
      visitor,
      await this.authorizations.authorize(readParameters(query), session),
    );
  }

  @Post()
  @AllowCrossSite()
  async authorizeByForm(
    @CurrentPageContext() visitor: PageContext,
    @Body() form?: RawParameters | null,
  ): Promise<Response> {
    return toHttpResponse(
      visitor,
      await this.authorizations.acceptForm(readParameters(form ?? {})),
    );
  }

  @Get('continue')
  async resume(@CurrentPageContext() visitor: PageContext): Promise<Response> {
    const { interaction, browserSession: session } = visitor;
    if (!interaction) throw new PageError('expired');
    return toHttpResponse(visitor, await this.authorizations.resume(interaction, session));
  }
}

function toHttpResponse({ base }: PageContext, answer: AuthorizationAnswer): Response {
  if ('destination' in answer)
    return createAuthorizationResponse(answer.destination, answer.parameters);
  return seeOther(buildPageUrl(`/${answer.next}`, { base, ticket: answer.ticket }));
}
