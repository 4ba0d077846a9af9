import { DatabaseUnavailable } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { BrowserSession } from '../browser-sessions/browser-session.entity.js';
import type { ClaimsRequest } from '../id-tokens/claims-request.js';
import type { Interaction } from '../interactions/interaction.js';
import { Interactions } from '../interactions/interactions.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { AuthorizationCodes } from './authorization-codes.js';
import type { AuthorizationRequest, Destination } from './authorization-request.js';
import { AuthorizationRequests } from './authorization-requests.js';
import { Checkpoints, type Need } from './checkpoints.js';
import { Destinations } from './destinations.js';
import { parametersOf, type SentParameters } from './parameters.js';

/** What follows a request: a page for the person, which brings the request back; or the answer to the client. */
export type AuthorizationAnswer =
  | { readonly next: Need | 'oauth/authorize/continue'; readonly ticket: string }
  | { readonly destination: Destination; readonly parameters: Readonly<Record<string, string>> };

/** What a client is told that wanted an answer without a person (OpenID Connect Core §3.1.2.6). */
const REQUIRED = {
  login: 'login_required',
  'select-account': 'account_selection_required',
  consent: 'consent_required',
} as const;

/** Answers authorization requests (RFC 6749 §4.1, OpenID Connect Core §3.1.2). Nothing is stored until there is a code. */
@Injectable()
export class Authorizations {
  constructor(
    private readonly destinations: Destinations,
    private readonly requests: AuthorizationRequests,
    private readonly interactions: Interactions,
    private readonly checkpoints: Checkpoints,
    private readonly codes: AuthorizationCodes,
  ) {}

  /**
   * A request arrives by a link.
   * @throws {PageError} where it is not known who asks
   */
  begin(sent: SentParameters, session: BrowserSession | undefined): Promise<AuthorizationAnswer> {
    return this.answer(sent, (request) =>
      this.decide(request, this.interactionOf(sent, request), session),
    );
  }

  /**
   * A request arrives by a form of another site. The cookie of the browser session stays away then; it comes with the redirect
   * that follows.
   * @throws {PageError}
   */
  receive(sent: SentParameters): Promise<AuthorizationAnswer> {
    return this.answer(sent, (request) => ({
      next: 'oauth/authorize/continue',
      ticket: this.interactions.seal(this.interactionOf(sent, request)),
    }));
  }

  /**
   * A request comes back from a page.
   * @throws {PageError}
   */
  goOn(
    interaction: Interaction,
    session: BrowserSession | undefined,
  ): Promise<AuthorizationAnswer> {
    return this.answer(parametersOf(interaction.parameters), (request) => {
      if (interaction.denied) throw OAuthError.authorization('access_denied');
      return this.decide(request, interaction, session);
    });
  }

  /** Once client and redirect URI are proven, errors go to the client (RFC 6749 §4.1.2.1). */
  private async answer(
    sent: SentParameters,
    decide: (request: AuthorizationRequest) => AuthorizationAnswer | Promise<AuthorizationAnswer>,
  ): Promise<AuthorizationAnswer> {
    const destination = await this.destinations.prove(sent);
    try {
      return await decide(this.requests.read(destination, sent));
    } catch (error) {
      return answerOf(destination, tellable(error).toJSON());
    }
  }

  private interactionOf({ parameters }: SentParameters, { asked }: AuthorizationRequest) {
    return this.interactions.begin({ parameters, asked });
  }

  private async decide(
    request: AuthorizationRequest,
    interaction: Interaction,
    session: BrowserSession | undefined,
  ): Promise<AuthorizationAnswer> {
    const verdict = await this.checkpoints.verdict(request, interaction, session);
    if ('session' in verdict) return this.grant(request, verdict.session);
    if (request.prompt.has('none')) throw OAuthError.authorization(REQUIRED[verdict.needs]);
    return { next: verdict.needs, ticket: this.interactions.seal(interaction) };
  }

  private async grant(
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
      claims: storedClaims(request.claims),
      session,
    });
    return answerOf(destination, { code });
  }
}

/** `state` as it came, and `iss` (RFC 9207 §2), whatever the answer is. */
function answerOf(
  destination: Destination,
  parameters: Readonly<Record<string, string>>,
): AuthorizationAnswer {
  const { state, issuer: iss } = destination;
  return { destination, parameters: { ...parameters, ...(state !== undefined && { state }), iss } };
}

/** A redirect has no status: the client learns of an outage in words. */
function tellable(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (error instanceof DatabaseUnavailable)
    return OAuthError.authorization('temporarily_unavailable');
  throw error;
}

const storedClaims = (claims: ClaimsRequest): string | null =>
  Object.values(claims).some((names) => Object.keys(names).length > 0)
    ? JSON.stringify(claims)
    : null;
