import { createHash } from 'node:crypto';
import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { html } from '../../pages/html.js';
import type { PageContext } from '../../pages/page-context.js';
import { PageError } from '../../pages/page-error.filter.js';
import { buildPageUrl, seeOther } from '../../pages/page.js';
import { AllowCrossSite, CurrentPageContext, Pages } from '../../pages/pages.guard.js';
import type { OAuthError } from '../../platform/oauth-error.js';
import { describeRefusal } from '../../platform/oauth-error.filter.js';
import { RateLimited } from '../../platform/rate-limit.service.js';
import { toLogText } from '../../platform/request-text.js';
import { SecurityEventService } from '../../platform/security-events/security-event.service.js';
import { readParameters } from './authorization-parameters.js';
import type { Destination } from './authorization-request.js';
import { type AuthorizationResult, AuthorizationService } from './authorization.service.js';

type RawParameters = Readonly<Record<string, unknown>>;

/** The authorization endpoint (RFC 6749 §3.1), for GET and for POST (OpenID Connect Core §3.1.2.1). */
@Controller('oauth/authorize')
@RateLimited('authorization')
@Pages()
export class AuthorizeController {
  constructor(
    private readonly authorizationService: AuthorizationService,
    private readonly events: SecurityEventService,
  ) {}

  @Get()
  @AllowCrossSite()
  authorize(
    @Query() query: RawParameters,
    @CurrentPageContext() context: PageContext,
  ): Promise<Response> {
    const { browserSession: session } = context;
    return this.answer(
      context,
      this.authorizationService.authorize(readParameters(query), session),
    );
  }

  @Post()
  @AllowCrossSite()
  authorizeByForm(
    @CurrentPageContext() context: PageContext,
    @Body() form?: RawParameters | null,
  ): Promise<Response> {
    return this.answer(context, this.authorizationService.acceptForm(readParameters(form ?? {})));
  }

  @Get('continue')
  resume(@CurrentPageContext() context: PageContext): Promise<Response> {
    const { interaction, browserSession: session } = context;
    if (!interaction) throw new PageError('expired');
    return this.answer(context, this.authorizationService.resume(interaction, session));
  }

  /** Records a refusal, because neither the user nor the operator sees its reason otherwise. */
  private async answer(
    context: PageContext,
    deciding: Promise<AuthorizationResult>,
  ): Promise<Response> {
    const result = await deciding;
    if (result.kind === 'response' && result.error) {
      await this.record(result.error, result.destination.client.id);
    }
    return toHttpResponse(context, result);
  }

  private async record(error: OAuthError, clientId: string): Promise<void> {
    const { code, description, detail } = error;
    if (USER_DECISIONS.has(code) && detail.check === undefined) return;
    const check = toLogText(detail.check ?? description);
    const fields = { ...describeRefusal(detail, clientId), endpoint: '/oauth/authorize', check };
    await this.events.record({ type: 'authorization.refused', error: code, ...fields });
  }
}

/** These errors say what the user decided or must do. They refuse no request, unless a check failed. */
const USER_DECISIONS: ReadonlySet<string> = new Set([
  'access_denied',
  'login_required',
  'account_selection_required',
  'consent_required',
  'temporarily_unavailable',
]);

function toHttpResponse({ base }: PageContext, result: AuthorizationResult): Response {
  if (result.kind === 'response')
    return createAuthorizationResponse(result.destination, result.parameters);
  return seeOther(buildPageUrl(`/${result.next}`, { base, ticket: result.ticket }));
}

type ResponseParameters = Readonly<Record<string, string>>;

/** Creates the response that the browser carries to the client (RFC 6749 §4.1.2). */
export function createAuthorizationResponse(
  destination: Destination,
  parameters: ResponseParameters,
): Response {
  const { redirectUri, responseMode } = destination;
  if (responseMode === 'form_post') return createFormPostResponse(redirectUri, parameters);
  // An existing query of the redirect URI "MUST be retained" (§3.1.2), so the URI is not parsed and written again.
  const separator = redirectUri.includes('?') ? '&' : '?';
  return seeOther(`${redirectUri}${separator}${new URLSearchParams(parameters).toString()}`);
}

const SCRIPT = html`<script>
  document.forms[0].submit();
</script>`;

/** Hash of the bytes between the tags (CSP 3 §2.3.1). */
const SCRIPT_HASH = createHash('sha256')
  .update(SCRIPT.toString().slice('<script>'.length, -'</script>'.length))
  .digest('base64');

/** OAuth 2.0 Form Post Response Mode §2: the form submits itself. Without JavaScript the user presses the button. */
function createFormPostResponse(redirectUri: string, parameters: ResponseParameters): Response {
  const fields = Object.entries(parameters).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Gatehouse</title>
      </head>
      <body>
        <form method="post" action="${redirectUri}">
          ${fields}
          <noscript><button>Continue</button></noscript>
        </form>
        ${SCRIPT}
      </body>
    </html>`;
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${SCRIPT_HASH}'`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store, no-transform',
  };
  return new Response(body.toString(), { headers });
}
