import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { PageError } from '../../pages/page-error.js';
import { buildPageUrl, seeOther } from '../../pages/page.js';
import { AllowCrossSite, CurrentPageContext, Pages } from '../../pages/pages.guard.js';
import type { PageContext } from '../../pages/page-context.js';
import { RateLimited } from '../../platform/rate-limit.service.js';
import { createAuthorizationResponse } from './authorization-response.js';
import { type AuthorizationResult, AuthorizationService } from './authorization.service.js';
import { readParameters } from './authorization-parameters.js';

type RawParameters = Readonly<Record<string, unknown>>;

/** The authorization endpoint (RFC 6749 §3.1), for GET and for POST (OpenID Connect Core §3.1.2.1). */
@Controller('oauth/authorize')
@RateLimited('authorization')
@Pages()
export class AuthorizeController {
  constructor(private readonly authorizationService: AuthorizationService) {}

  @Get()
  @AllowCrossSite()
  async authorize(
    @Query() query: RawParameters,
    @CurrentPageContext() context: PageContext,
  ): Promise<Response> {
    const { browserSession: session } = context;
    return toHttpResponse(
      context,
      await this.authorizationService.authorize(readParameters(query), session),
    );
  }

  @Post()
  @AllowCrossSite()
  async authorizeByForm(
    @CurrentPageContext() context: PageContext,
    @Body() form?: RawParameters | null,
  ): Promise<Response> {
    return toHttpResponse(
      context,
      await this.authorizationService.acceptForm(readParameters(form ?? {})),
    );
  }

  @Get('continue')
  async resume(@CurrentPageContext() context: PageContext): Promise<Response> {
    const { interaction, browserSession: session } = context;
    if (!interaction) throw new PageError('expired');
    return toHttpResponse(context, await this.authorizationService.resume(interaction, session));
  }
}

function toHttpResponse({ base }: PageContext, result: AuthorizationResult): Response {
  if (result.kind === 'response')
    return createAuthorizationResponse(result.destination, result.parameters);
  return seeOther(buildPageUrl(`/${result.next}`, { base, ticket: result.ticket }));
}
