import { Injectable } from '@nestjs/common';
import { findScopesOfClaims } from '../../tokens/standard-claims.js';
import { OAuthError } from '../../platform/oauth-error.js';
import { ResourceServerService } from '../../clients/resource-server.service.js';
import type { AuthorizationRequest, Destination } from './authorization-request.js';
import { parseClaimsParameter } from './claims-parameter.js';
import {
  type AuthorizationParameters,
  type SentParameters,
  validateParameters,
} from './authorization-parameters.js';
import { parseCodeChallenge } from './pkce.js';

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
