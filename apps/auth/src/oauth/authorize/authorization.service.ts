import { DatabaseUnavailableException } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { BrowserSession } from '../../sessions/browser-session.entity.js';
import { type Interaction, InteractionService } from '../../pages/interaction.service.js';
import { OAuthError } from '../../platform/oauth-error.js';
import type { ClaimsRequest } from './claims-parameter.js';
import { AuthorizationCodeService } from './authorization-code.service.js';
import type { AuthorizationRequest, Destination } from './authorization-request.js';
import { AuthorizationRequestParser } from './authorization-request-parser.js';
import { PromptPolicy, type RequiredInteraction } from './prompt-policy.js';
import { RedirectUriValidator } from './redirect-uri.validator.js';
import { readParameters, type SentParameters } from './authorization-parameters.js';

/** What follows a request: a page for the person, which brings the request back; or the answer to the client. */
export type AuthorizationAnswer =
  | { readonly next: RequiredInteraction | 'oauth/authorize/continue'; readonly ticket: string }
  | { readonly destination: Destination; readonly parameters: Readonly<Record<string, string>> };

/** What a client is told that wanted an answer without a person (OpenID Connect Core §3.1.2.6). */
const INTERACTION_REQUIRED_ERRORS = {
  login: 'login_required',
  'select-account': 'account_selection_required',
  consent: 'consent_required',
} as const;

/** Answers authorization requests (RFC 6749 §4.1, OpenID Connect Core §3.1.2). Nothing is stored until there is a code. */
@Injectable()
export class AuthorizationService {
  constructor(
    private readonly redirectUriValidator: RedirectUriValidator,
    private readonly requestParser: AuthorizationRequestParser,
    private readonly interactions: InteractionService,
    private readonly promptPolicy: PromptPolicy,
    private readonly codes: AuthorizationCodeService,
  ) {}

  /**
   * A request arrives by a link.
   * @throws {PageError} where it is not known who asks
   */
  authorize(
    sent: SentParameters,
    session: BrowserSession | undefined,
  ): Promise<AuthorizationAnswer> {
    return this.respond(sent, (request) =>
      this.decide(request, this.createInteraction(sent, request), session),
    );
  }

  /**
   * A request arrives by a form of another site. The cookie of the browser session stays away then; it comes with the redirect
   * that follows.
   * @throws {PageError}
   */
  acceptForm(sent: SentParameters): Promise<AuthorizationAnswer> {
    return this.respond(sent, (request) => ({
      next: 'oauth/authorize/continue',
      ticket: this.interactions.createTicket(this.createInteraction(sent, request)),
    }));
  }

  /**
   * A request comes back from a page.
   * @throws {PageError}
   */
  resume(
    interaction: Interaction,
    session: BrowserSession | undefined,
  ): Promise<AuthorizationAnswer> {
    return this.respond(readParameters(interaction.parameters), (request) => {
      if (interaction.denied) throw OAuthError.authorizationError('access_denied');
      return this.decide(request, interaction, session);
    });
  }

  /** Once client and redirect URI are proven, errors go to the client (RFC 6749 §4.1.2.1). */
  private async respond(
    sent: SentParameters,
    decide: (request: AuthorizationRequest) => AuthorizationAnswer | Promise<AuthorizationAnswer>,
  ): Promise<AuthorizationAnswer> {
    const destination = await this.redirectUriValidator.validate(sent);
    try {
      return await decide(this.requestParser.parse(destination, sent));
    } catch (error) {
      return createAnswer(destination, toOAuthError(error).toJSON());
    }
  }

  private createInteraction({ parameters }: SentParameters, { asked }: AuthorizationRequest) {
    return this.interactions.create({ parameters, asked });
  }

  private async decide(
    request: AuthorizationRequest,
    interaction: Interaction,
    session: BrowserSession | undefined,
  ): Promise<AuthorizationAnswer> {
    const verdict = await this.promptPolicy.requiredInteraction(request, interaction, session);
    if ('session' in verdict) return this.issueCode(request, verdict.session);
    if (request.prompt.has('none'))
      throw OAuthError.authorizationError(INTERACTION_REQUIRED_ERRORS[verdict.needs]);
    return { next: verdict.needs, ticket: this.interactions.createTicket(interaction) };
  }

  private async issueCode(
    request: AuthorizationRequest,
    session: BrowserSession,
  ): Promise<AuthorizationAnswer> {
    const { destination, scope, resources } = request;
    const { codeChallenge = null, nonce = null, dpopJkt = null } = request;
    const { client, redirectUri } = destination;
    const code = await this.codes.issue({
      clientId: client.id,
      redirectUri,
      scope,
      resources,
      codeChallenge,
      nonce,
      dpopJkt,
      claims: serializeClaims(request.claims),
      session,
    });
    return createAnswer(destination, { code });
  }
}

/** `state` as it came, and `iss` (RFC 9207 §2), whatever the answer is. */
function createAnswer(
  destination: Destination,
  parameters: Readonly<Record<string, string>>,
): AuthorizationAnswer {
  const { state, issuer: iss } = destination;
  return { destination, parameters: { ...parameters, ...(state !== undefined && { state }), iss } };
}

/** A redirect has no status: the client learns of an outage in words. */
function toOAuthError(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (error instanceof DatabaseUnavailableException)
    return OAuthError.authorizationError('temporarily_unavailable');
  throw error;
}

const serializeClaims = (claims: ClaimsRequest): string | null =>
  Object.values(claims).some((names) => Object.keys(names).length > 0)
    ? JSON.stringify(claims)
    : null;
