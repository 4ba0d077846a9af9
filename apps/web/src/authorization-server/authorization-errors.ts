import * as oauth from 'openid-client';
import { UpstreamUnavailable } from '../upstream/upstream.errors.js';

/** The authorization server has rejected a grant (RFC 6749 §4.1.2.1, §5.2), or its answer failed a check. */
export class GrantRejected extends Error {
  override readonly name = 'GrantRejected';

  /** @param code such as `invalid_grant`, or `invalid_response` when a check of this client failed */
  constructor(
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(`the authorization server rejects the grant: ${code}`, options);
  }
}

/** The refresh token is "invalid, expired, revoked" (RFC 6749 §5.2): the session is over. After any other error it may be active. */
export const isSessionOver = (error: unknown): boolean =>
  error instanceof GrantRejected && error.code === 'invalid_grant';

/** Errors about this client and not about its request (RFC 6749 §5.2): an operator corrects them, and the session stays. */
const CLIENT_ERROR_CODES = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type'];
/** Codes of openid-client for an answer of the protocol that failed a check. With other codes there was no such answer. */
const CHECK_CODES = [
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
];

export function toAuthorizationError(
  error: unknown,
  client: { readonly AUTH_ISSUER: string; readonly CLIENT_ID: string },
): UpstreamUnavailable | GrantRejected {
  if (isClientRefused(error)) {
    const message = `${client.AUTH_ISSUER} refuses the client ${client.CLIENT_ID}: see CLIENT_ID and CLIENT_KEY`;
    return new UpstreamUnavailable('auth', new Error(message, { cause: error }));
  }
  if (error instanceof oauth.AuthorizationResponseError) return new GrantRejected(error.error);
  if (error instanceof oauth.ResponseBodyError && isAboutRequest(error)) {
    return new GrantRejected(error.error, { cause: error });
  }
  return isFailedCheck(error)
    ? new GrantRejected('invalid_response', { cause: error })
    : new UpstreamUnavailable('auth', error);
}

const isAboutRequest = ({ status }: oauth.ResponseBodyError): boolean =>
  status < 500 && status !== 429;

const isFailedCheck = (error: unknown): boolean =>
  error instanceof oauth.ClientError && CHECK_CODES.includes(error.code ?? '');

const isClientRefused = (error: unknown): boolean =>
  error instanceof oauth.WWWAuthenticateChallengeError ||
  (error instanceof oauth.ResponseBodyError && CLIENT_ERROR_CODES.includes(error.error));
