import { Injectable } from '@nestjs/common';
import { scopesOf } from '../accounts/standard-claims.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { ResourceServers } from '../resource-servers/resource-servers.js';
import type { AuthorizationRequest, Destination } from './authorization-request.js';
import { claimsParameterOf } from './claims-parameter.js';
import type { Parameters, SentParameters } from './parameters.js';
import { codeChallengeOf } from './pkce.js';
import { requestParametersOf } from './request-parameters.js';

/** Bytes of all parameters together: they have to travel in the address of a page. */
const LONGEST = 5_000;

/** Reads authorization requests (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1). */
@Injectable()
export class AuthorizationRequests {
  constructor(private readonly resourceServers: ResourceServers) {}

  /** @throws {OAuthError} */
  read(destination: Destination, { parameters, repeated }: SentParameters): AuthorizationRequest {
    const { client } = destination;
    // "Request and response parameters MUST NOT be included more than once" (RFC 6749 §3.1).
    if (repeated.length > 0) throw OAuthError.invalidRequest(`Repeated: ${repeated.join(', ')}.`);

    // OpenID Connect Core §3.1.2.6: what would change the meaning of all the rest is refused, not ignored.
    refuseUnsupported(parameters);

    // "… the authorization server MUST return an error response" (RFC 6749 §3.1.1).
    const { response_type: responseType } = parameters;
    if (responseType === undefined) throw OAuthError.invalidRequest('response_type is missing.');
    if (responseType !== 'code') throw OAuthError.authorization('unsupported_response_type');
    if (!client.allows('authorization_code')) {
      throw OAuthError.unauthorizedClient('authorization_code');
    }

    // RFC 7636 §4.4.1, RFC 9700 §2.1.1.
    const codeChallenge = codeChallengeOf(parameters, client.needsPkce);

    refuseTooLong(parameters);
    const read = requestParametersOf(parameters);
    const { subject, ...claims } = claimsParameterOf(read.claims, client.scope);
    const { scope, resources } = this.resourceServers.grant(client.scope, {
      resources: read.resource,
      scope: read.scope,
    });
    return {
      destination,
      scope,
      resources,
      codeChallenge,
      dpopJkt: read.dpop_jkt,
      nonce: read.nonce,
      prompt: read.prompt,
      maxAge: read.max_age,
      idTokenHint: read.id_token_hint,
      subject,
      claims,
      asked: [...new Set([...scope, ...scopesOf({ ...claims.userinfo, ...claims.id_token })])],
    };
  }
}

function refuseUnsupported({ request, request_uri: uri, registration }: Parameters): void {
  if (request !== undefined) throw OAuthError.authorization('request_not_supported');
  if (uri !== undefined) throw OAuthError.authorization('request_uri_not_supported');
  if (registration !== undefined) throw OAuthError.authorization('registration_not_supported');
}

function refuseTooLong(parameters: Parameters): void {
  if (Buffer.byteLength(JSON.stringify(parameters)) > LONGEST)
    throw OAuthError.invalidRequest('The request is too long.');
}
