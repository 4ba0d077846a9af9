import { DatabaseUnavailableException } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { BrowserSession } from '../../sessions/browser-session.entity.js';
import {
  type Interaction,
  InteractionService,
  markSession,
} from '../../pages/interaction.service.js';
import { OAuthError } from '../../platform/oauth-error.js';
import type { ClaimsRequest } from './claims-parameter.js';
import { AuthorizationCodeService } from './authorization-code.service.js';
import type { AuthorizationRequest, Destination } from './authorization-request.js';
import { readParameters, type SentParameters } from './authorization-parameters.js';
import {
  AuthorizationRequestParser,
  RedirectUriValidator,
} from './authorization-request-parser.js';
import { PromptPolicy, type RequiredInteraction } from './prompt-policy.js';

type ResponseParameters = Readonly<Record<string, string>>;

interface AuthorizationResponse {
  readonly kind: 'response';
  readonly destination: Destination;
  readonly parameters: ResponseParameters;
  readonly error?: OAuthError;
}

/** The next step of an authorization request: a page for the user, which resumes the request later, or the response. */
export type AuthorizationResult =
  | {
      readonly kind: 'interaction';
      readonly next: RequiredInteraction | 'oauth/authorize/continue';
      readonly ticket: string;
    }
  | AuthorizationResponse;

/** The errors for a request with `prompt=none` that needs an interaction (OpenID Connect Core §3.1.2.6). */
const INTERACTION_REQUIRED_ERRORS = {
  login: 'login_required',
  register: 'login_required',
  'select-account': 'account_selection_required',
  consent: 'consent_required',
} as const;

/** Handles authorization requests (RFC 6749 §4.1, OpenID Connect Core §3.1.2). Stores nothing until it issues a code. */
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
   * Handles a request that arrives with GET.
   * @throws {PageError} if the client or the redirect URI is not registered
   */
  authorize(
    sent: SentParameters,
    session: BrowserSession | undefined,
  ): Promise<AuthorizationResult> {
    return this.respond(sent, (request) =>
      this.decide(request, this.createInteraction(sent, request), session),
    );
  }

  /**
   * Handles a request that arrives with a form of another site. The browser does not send the session cookie with the form, but
   * with the redirect that follows.
   * @throws {PageError} if the client or the redirect URI is not registered
   */
  acceptForm(sent: SentParameters): Promise<AuthorizationResult> {
    return this.respond(sent, (request) => ({
      kind: 'interaction',
      next: 'oauth/authorize/continue',
      ticket: this.interactions.createTicket(this.createInteraction(sent, request)),
    }));
  }

  /**
   * Resumes a request after an interaction.
   * @throws {PageError} if the client or the redirect URI is not registered any more
   */
  resume(
    interaction: Interaction,
    session: BrowserSession | undefined,
  ): Promise<AuthorizationResult> {
    return this.respond(readParameters(interaction.parameters), (request) => {
      if (interaction.denied) throw OAuthError.authorizationError('access_denied');
      return this.decide(request, interaction, session);
    });
  }

  /** Validates client and redirect URI first. Every later error goes to the client (RFC 6749 §4.1.2.1). */
  private async respond(
    sent: SentParameters,
    decide: (request: AuthorizationRequest) => AuthorizationResult | Promise<AuthorizationResult>,
  ): Promise<AuthorizationResult> {
    const destination = await this.redirectUriValidator.validate(sent);
    try {
      return await decide(this.requestParser.parse(destination, sent));
    } catch (error) {
      const oauthError = toOAuthError(error);
      return { ...createResponse(destination, oauthError.toJSON()), error: oauthError };
    }
  }

  private createInteraction(
    { parameters }: SentParameters,
    { consentScope }: AuthorizationRequest,
  ): Interaction {
    return this.interactions.create({ parameters, asked: consentScope });
  }

  private async decide(
    request: AuthorizationRequest,
    interaction: Interaction,
    session: BrowserSession | undefined,
  ): Promise<AuthorizationResult> {
    const decision = await this.promptPolicy.requiredInteraction(request, interaction, session);
    if (decision.kind === 'approved')
      return this.issueCode({ ...request, scope: decision.scope }, decision.session);
    const { required } = decision;
    if (request.prompt.has('none')) throw createInteractionError(required, request);
    const decidedFor = markSession(session);
    const ticket = this.interactions.createTicket({ ...interaction, decidedFor });
    return { kind: 'interaction', next: required, ticket };
  }

  private async issueCode(
    request: AuthorizationRequest,
    session: BrowserSession,
  ): Promise<AuthorizationResult> {
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
    return createResponse(destination, { code });
  }
}

function createInteractionError(
  required: RequiredInteraction,
  { consentScope }: AuthorizationRequest,
): OAuthError {
  const code = INTERACTION_REQUIRED_ERRORS[required];
  if (code !== 'consent_required') return OAuthError.authorizationError(code);
  const description = `prompt is none, and the user must consent to the scope: ${consentScope.join(' ')}.`;
  return OAuthError.authorizationError(code, { description });
}

/** Every response carries `iss` (RFC 9207 §2) and the `state` of the request. */
function createResponse(
  destination: Destination,
  parameters: ResponseParameters,
): AuthorizationResponse {
  const { state, issuer: iss } = destination;
  return {
    kind: 'response',
    destination,
    parameters: { ...parameters, ...(state !== undefined && { state }), iss },
  };
}

/** A redirect cannot carry status 503, so an outage becomes an error code. */
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
