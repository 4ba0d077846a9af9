import { Inject, Injectable } from '@nestjs/common';
import { RegistrationService } from '../../accounts/registration.service.js';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { ClientRepository } from '../../clients/client.repository.js';
import { isRegisteredRedirectUri } from '../../clients/redirect-uri.js';
import { ResourceServerService } from '../../clients/resource-server.service.js';
import { isDevelopment } from '../../pages/error-page.js';
import { PageError } from '../../pages/page-error.filter.js';
import { OAuthError } from '../../platform/oauth-error.js';
import { describeRefusal } from '../../platform/oauth-error.filter.js';
import { splitWords } from '../../platform/request-text.js';
import { SecurityEventService } from '../../platform/security-events/security-event.service.js';
import { findScopesOfClaims } from '../../tokens/standard-claims.js';
import {
  type AuthorizationParameters,
  type SentParameters,
  validateParameters,
} from './authorization-parameters.js';
import type { AuthorizationRequest, Destination, Prompt } from './authorization-request.js';
import { parseClaimsParameter } from './claims-parameter.js';
import { parseCodeChallenge, requireInjectionProtection } from './pkce.js';

/** Maximum size of all parameters, in bytes, because they travel in the URL of a page. */
const MAX_REQUEST_BYTES = 6_500;

/** Validates authorization requests (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1). */
@Injectable()
export class AuthorizationRequestParser {
  constructor(
    private readonly resourceServers: ResourceServerService,
    private readonly registrations: RegistrationService,
  ) {}

  /** @throws {OAuthError} */
  parse(destination: Destination, { parameters, repeated }: SentParameters): AuthorizationRequest {
    const { client } = destination;
    // "Request and response parameters MUST NOT be included more than once" (RFC 6749 §3.1).
    if (repeated.length > 0) throw OAuthError.invalidRequest(`Repeated: ${repeated.join(', ')}.`);

    // OpenID Connect Core §3.1.2.6: refused and not ignored, because they would change the meaning of all other parameters.
    checkUnsupportedParameters(parameters);

    // "… the authorization server MUST return an error response" (RFC 6749 §3.1.1).
    checkResponseType(parameters);
    if (!client.canUseGrant('authorization_code')) {
      throw OAuthError.unauthorizedClient('authorization_code');
    }

    const codeChallenge = parseCodeChallenge(parameters);
    checkLength(parameters);
    const valid = validateParameters(parameters);
    const { subject, ...claims } = parseClaimsParameter(valid.claims, client.scope);
    const { scope, resources } = this.resourceServers.grant(client.scope, {
      resources: valid.resource,
      scope: valid.scope,
    });
    // RFC 7636 §4.4.1, RFC 9700 §2.1.1.
    requireInjectionProtection(client, { codeChallenge, nonce: valid.nonce, scope });
    return {
      destination,
      scope,
      resources,
      codeChallenge,
      dpopJkt: valid.dpop_jkt,
      nonce: valid.nonce,
      prompt: this.selectPrompts(valid.prompt),
      maxAge: valid.max_age,
      idTokenHint: valid.id_token_hint,
      subject,
      claims,
      consentScope: [
        ...new Set([...scope, ...findScopesOfClaims({ ...claims.userinfo, ...claims.id_token })]),
      ],
    };
  }

  /** The registration page would be a dead end while registration is not open, so the user gets the login page. */
  private selectPrompts(prompts: ReadonlySet<Prompt>): ReadonlySet<Prompt> {
    if (this.registrations.isOpen || !prompts.has('create')) return prompts;
    return new Set([...prompts].map((prompt) => (prompt === 'create' ? 'login' : prompt)));
  }
}

function checkUnsupportedParameters({
  request,
  request_uri: uri,
  registration,
}: AuthorizationParameters): void {
  if (request !== undefined) throw OAuthError.authorizationError('request_not_supported');
  if (uri !== undefined) throw OAuthError.authorizationError('request_uri_not_supported');
  if (registration !== undefined) throw OAuthError.authorizationError('registration_not_supported');
}

function checkResponseType({ response_type: presented }: AuthorizationParameters): void {
  if (presented === undefined) throw OAuthError.invalidRequest('response_type is missing.');
  const [word, ...others] = new Set(splitWords(presented));
  if (word !== 'code' || others.length > 0) {
    throw OAuthError.authorizationError('unsupported_response_type', { presented });
  }
}

function checkLength(parameters: AuthorizationParameters): void {
  const length = Buffer.byteLength(JSON.stringify(parameters));
  if (length <= MAX_REQUEST_BYTES) return;
  const [longest = ''] = Object.entries(parameters)
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([name]) => name);
  throw OAuthError.invalidRequest(
    `The parameters have ${length} bytes together, and ${MAX_REQUEST_BYTES} are allowed; the longest is ${longest}.`,
  );
}

/** Validates the client and the redirect URI of an authorization request. */
@Injectable()
export class RedirectUriValidator {
  constructor(
    private readonly clients: ClientRepository,
    private readonly events: SecurityEventService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * This check comes first: until it passes, "the authorization server … MUST NOT automatically redirect" (RFC 6749 §4.1.2.1).
   * `redirect_uri` is required even if the client has only one (OpenID Connect Core §3.1.2.1).
   *
   * @throws {PageError} if the client or the redirect URI is not registered
   */
  async validate(sent: SentParameters): Promise<Destination> {
    const { client_id: id = '', redirect_uri: redirectUri = '', state } = sent.parameters;
    const client = await this.clients.findRecentlyEnabled(id);
    if (!client) return this.refuse(sent, 'client_id', await this.findClientIds());
    if (!isRegisteredRedirectUri(redirectUri, client))
      return this.refuse(sent, 'redirect_uri', client.redirectUris);
    const responseMode = sent.parameters.response_mode === 'form_post' ? 'form_post' : 'query';
    return { client, redirectUri, responseMode, state, issuer: this.config.ISSUER };
  }

  /** The user sees a page, so the event names the values. In development the page names them, too. */
  private async refuse(
    { parameters, repeated }: SentParameters,
    name: 'client_id' | 'redirect_uri',
    registered: readonly string[],
  ): Promise<never> {
    const presented = parameters[name];
    const missing = presented === undefined ? 'missing' : undefined;
    const fault = repeated.includes(name) ? 'repeated' : missing;
    await this.events.record({
      type: 'authorization.refused',
      endpoint: '/oauth/authorize',
      error: 'invalid_request',
      check: fault === undefined ? name : `${name} is ${fault}`,
      ...describeRefusal(
        { presented, expected: name === 'client_id' ? undefined : registered.join(' ') },
        parameters.client_id,
      ),
    });
    if (fault !== undefined) throw new PageError('invalidRequest', { parameter: { name, fault } });
    const kind = name === 'client_id' ? 'unknownClient' : 'unregisteredRedirectUri';
    throw new PageError(kind, { parameter: { name, presented, registered } });
  }

  /** For the page, in development only. */
  private async findClientIds(): Promise<readonly string[]> {
    if (!isDevelopment(this.config)) return [];
    const clients = await this.clients.findAll();
    return clients.filter(({ disabledAt }) => disabledAt === null).map(({ id }) => id);
  }
}
