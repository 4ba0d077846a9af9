import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { ClientRepository } from '../../clients/client.repository.js';
import { isRegisteredRedirectUri } from '../../clients/redirect-uri.js';
import { ResourceServerService } from '../../clients/resource-server.service.js';
import { PageError } from '../../pages/page-error.filter.js';
import { OAuthError } from '../../platform/oauth-error.js';
import { findScopesOfClaims } from '../../tokens/standard-claims.js';
import {
  type AuthorizationRequest,
  type Destination,
  PROMPTS,
  RESPONSE_MODES,
} from './authorization-request.js';
import { parseClaimsParameter } from './claims-parameter.js';
import { parseCodeChallenge } from './pkce.js';

/** Parameters of an authorization request that this server reads (RFC 6749 §4.1.1 and its extensions). */
const SUPPORTED_PARAMETERS = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'resource',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'prompt',
  'max_age',
  'login_hint',
  'id_token_hint',
  'acr_values',
  'claims',
  'ui_locales',
  'request',
  'request_uri',
  'registration',
] as const;

type ParameterName = (typeof SUPPORTED_PARAMETERS)[number];

/** One text per parameter. Several `resource` values are separated by spaces. */
export type AuthorizationParameters = Readonly<Partial<Record<ParameterName, string>>>;

/** The parameters of a request, without the repeated ones, and the names of the repeated ones. */
export interface SentParameters {
  readonly parameters: AuthorizationParameters;
  readonly repeated: readonly ParameterName[];
}

/**
 * "Parameters sent without a value MUST be treated as if they were omitted …, [they] MUST NOT be included more than once"
 * (RFC 6749 §3.1), `resource` excepted (RFC 8707 §2). "The authorization server MUST ignore unrecognized request parameters."
 *
 * @param sent a parsed query or form, in which a repeated parameter is an array
 */
export function readParameters(sent: Readonly<Record<string, unknown>>): SentParameters {
  const parameters: Partial<Record<ParameterName, string>> = {};
  const repeated: ParameterName[] = [];
  for (const name of SUPPORTED_PARAMETERS) {
    const values = readValues(sent, name);
    if (values.length > 1 && name !== 'resource') repeated.push(name);
    else if (values.length > 0) parameters[name] = values.join(' ');
  }
  return { parameters, repeated };
}

function readValues(sent: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const values = Object.hasOwn(sent, name) ? [sent[name]].flat() : [];
  return values.filter((value): value is string => typeof value === 'string' && value !== '');
}

/** Text without control characters, because no parameter has several lines and PostgreSQL rejects NUL. */
const singleLineText = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u);

const promptSchema = singleLineText(100)
  .transform((text) => text.split(' '))
  .pipe(z.array(z.enum(PROMPTS)))
  .transform((prompts) => new Set(prompts))
  // "If this parameter contains none with any other value, an error is returned."
  .refine((prompts) => !prompts.has('none') || prompts.size === 1);

/** The allowed values of each parameter (OpenID Connect Core §3.1.2.1). */
const parametersSchema = z.object({
  response_mode: z.enum(RESPONSE_MODES).default('query'),
  scope: singleLineText(2000).optional(),
  state: singleLineText(2000).optional(),
  nonce: singleLineText(1000).optional(),
  prompt: promptSchema.default(new Set()),
  max_age: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .optional(),
  resource: singleLineText(2000)
    .transform((uris) => uris.split(' '))
    .default([]),
  // RFC 9449 §10: a SHA-256 thumbprint.
  dpop_jkt: z
    .string()
    .regex(/^[\w-]{43}$/)
    .optional(),
  id_token_hint: singleLineText(4000).optional(),
  claims: singleLineText(2000).optional(),
  // These parameters are validated but have no effect.
  acr_values: singleLineText(500).optional(),
  login_hint: singleLineText(500).optional(),
  ui_locales: singleLineText(500).optional(),
});
export type ValidatedParameters = Readonly<z.infer<typeof parametersSchema>>;

/** @throws {OAuthError} `invalid_request` with the names of the malformed parameters */
export function validateParameters(sent: object): ValidatedParameters {
  const { success, data, error } = parametersSchema.safeParse(sent);
  if (success) return data;
  const names = new Set(error.issues.map(({ path }) => String(path[0])));
  throw OAuthError.invalidRequest(`Malformed: ${[...names].join(', ')}.`);
}

/** Maximum size of all parameters, in bytes, because they travel in the URL of a page. */
const MAX_REQUEST_BYTES = 5_000;

/** Validates authorization requests (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1). */
@Injectable()
export class AuthorizationRequestParser {
  constructor(private readonly resourceServers: ResourceServerService) {}

  /** @throws {OAuthError} */
  parse(destination: Destination, { parameters, repeated }: SentParameters): AuthorizationRequest {
    const { client } = destination;
    // "Request and response parameters MUST NOT be included more than once" (RFC 6749 §3.1).
    if (repeated.length > 0) throw OAuthError.invalidRequest(`Repeated: ${repeated.join(', ')}.`);

    // OpenID Connect Core §3.1.2.6: refused and not ignored, because they would change the meaning of all other parameters.
    checkUnsupportedParameters(parameters);

    // "… the authorization server MUST return an error response" (RFC 6749 §3.1.1).
    const { response_type: responseType } = parameters;
    if (responseType === undefined) throw OAuthError.invalidRequest('response_type is missing.');
    if (responseType !== 'code') throw OAuthError.authorizationError('unsupported_response_type');
    if (!client.canUseGrant('authorization_code')) {
      throw OAuthError.unauthorizedClient('authorization_code');
    }

    // RFC 7636 §4.4.1, RFC 9700 §2.1.1.
    const codeChallenge = parseCodeChallenge(parameters, client.isPkceRequired);

    checkLength(parameters);
    const valid = validateParameters(parameters);
    const { subject, ...claims } = parseClaimsParameter(valid.claims, client.scope);
    const { scope, resources } = this.resourceServers.grant(client.scope, {
      resources: valid.resource,
      scope: valid.scope,
    });
    return {
      destination,
      scope,
      resources,
      codeChallenge,
      dpopJkt: valid.dpop_jkt,
      nonce: valid.nonce,
      prompt: valid.prompt,
      maxAge: valid.max_age,
      idTokenHint: valid.id_token_hint,
      subject,
      claims,
      consentScope: [
        ...new Set([...scope, ...findScopesOfClaims({ ...claims.userinfo, ...claims.id_token })]),
      ],
    };
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

function checkLength(parameters: AuthorizationParameters): void {
  if (Buffer.byteLength(JSON.stringify(parameters)) > MAX_REQUEST_BYTES)
    throw OAuthError.invalidRequest('The request is too long.');
}

/** Validates the client and the redirect URI of an authorization request. */
@Injectable()
export class RedirectUriValidator {
  constructor(
    private readonly clients: ClientRepository,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * This check comes first: until it passes, "the authorization server … MUST NOT automatically redirect" (RFC 6749 §4.1.2.1).
   * `redirect_uri` is required even if the client has only one (OpenID Connect Core §3.1.2.1).
   *
   * @throws {PageError} if the client or the redirect URI is not registered
   */
  async validate({ parameters }: SentParameters): Promise<Destination> {
    const { client_id: id = '', redirect_uri: redirectUri = '', state } = parameters;
    const client = await this.clients.findEnabled(id);
    if (!client) throw new PageError('unknownClient');
    if (!isRegisteredRedirectUri(redirectUri, client))
      throw new PageError('unregisteredRedirectUri');
    const responseMode = parameters.response_mode === 'form_post' ? 'form_post' : 'query';
    return { client, redirectUri, responseMode, state, issuer: this.config.ISSUER };
  }
}
