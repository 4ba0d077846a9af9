/**
 * Error codes of RFC 6749 §5.2 and §4.1.2.1, `invalid_target` of RFC 8707 §2, `unsupported_token_type` of RFC 7009 §2.2.1,
 * the codes of RFC 9449 §5 and §8, of OpenID Connect Core §3.1.2.6, and of OpenID Connect Core Unmet Authentication
 * Requirements.
 */
type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'unsupported_token_type'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | AuthorizationErrorCode;

/** Codes of the authorization endpoint only, which the browser carries to the client. */
const AUTHORIZATION_ERRORS = {
  access_denied: 'The person refused.',
  unsupported_response_type: 'The response_type must be code.',
  temporarily_unavailable: 'The server cannot answer now. Try again later.',
  login_required: 'The person must log in.',
  account_selection_required: 'The person must choose an account.',
  consent_required: 'The person must consent.',
  request_not_supported: 'The server takes no request objects.',
  request_uri_not_supported: 'The server takes no request objects.',
  registration_not_supported: 'Clients are registered beforehand.',
  unmet_authentication_requirements: 'The server knows no such authentication.',
};
type AuthorizationErrorCode = keyof typeof AUTHORIZATION_ERRORS;

/**
 * An error that the server reports to a client (RFC 6749 §5.2). The public text is fixed per error. The detail goes to the
 * server's log and never into an answer.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';

  private constructor(
    readonly code: ErrorCode,
    readonly description: string,
    readonly detail?: string,
    readonly status: 400 | 401 = 400,
  ) {
    super(`${code}: ${detail ?? description}`);
  }

  static invalidRequest(description: string): OAuthError {
    return new OAuthError('invalid_request', description);
  }

  /** RFC 8693 §2.2.2. The answer gives no reason: it would tell the finder of a token what the token can still do. */
  static invalidSubjectToken(detail: string): OAuthError {
    const description = 'The subject token is invalid, or may not be exchanged by this client.';
    return new OAuthError('invalid_request', description, detail);
  }

  static invalidClient(detail: string): OAuthError {
    return new OAuthError('invalid_client', 'Client authentication failed.', detail, 401);
  }

  static invalidGrant(detail: string): OAuthError {
    return new OAuthError('invalid_grant', 'The grant is invalid, expired or revoked.', detail);
  }

  /** One answer for an unknown account, a wrong password and a disabled account. */
  static invalidCredentials(detail: string): OAuthError {
    return new OAuthError('invalid_grant', 'The e-mail or the password is wrong.', detail);
  }

  static unauthorizedClient(grantType: string): OAuthError {
    return new OAuthError('unauthorized_client', 'This client may not use this grant.', grantType);
  }

  static unsupportedGrantType(): OAuthError {
    return new OAuthError('unsupported_grant_type', 'The server does not support this grant.');
  }

  static invalidScope(detail: string): OAuthError {
    return new OAuthError(
      'invalid_scope',
      'The scope is unknown, malformed or not granted.',
      detail,
    );
  }

  /**
   * The account's roles allow no word of the scope. RFC 6749 has `access_denied` for the authorization endpoint (§4.1.2.1) and
   * `invalid_scope` for the token endpoint (§5.2). The words of a scope are valid in a description.
   */
  static roleRequired(
    code: 'access_denied' | 'invalid_scope',
    scope: readonly string[],
  ): OAuthError {
    return new OAuthError(code, `No role of this account allows the scope: ${scope.join(' ')}.`);
  }

  static invalidTarget(detail: string): OAuthError {
    return new OAuthError('invalid_target', 'The resource is unknown or not granted.', detail);
  }

  static unsupportedTokenType(): OAuthError {
    const description = 'This token has no session of this client: it ends when it expires.';
    return new OAuthError('unsupported_token_type', description);
  }

  static invalidDpopProof(detail: string): OAuthError {
    const description = 'The proof of possession is missing, malformed, old or used.';
    return new OAuthError('invalid_dpop_proof', description, detail);
  }

  /** RFC 9449 §8. The header `DPoP-Nonce` of the answer carries the nonce. */
  static useDpopNonce(): OAuthError {
    return new OAuthError('use_dpop_nonce', 'Send a proof with the nonce of this answer.');
  }

  static authorizationError(code: AuthorizationErrorCode): OAuthError {
    return new OAuthError(code, AUTHORIZATION_ERRORS[code]);
  }

  toJSON() {
    return { error: this.code, error_description: this.description };
  }
}

/**
 * "The parameters … MUST NOT be included in the request URI" (RFC 6749 §2.3.1), because servers and proxies log URLs.
 *
 * @throws {OAuthError} `invalid_request`
 */
export function rejectQueryParameters(url: string): void {
  if (url.includes('?')) throw OAuthError.invalidRequest('Parameters belong in the body.');
}

/** The server rejects a request because of load or limits: 429 with `Retry-After` (RFC 6585 §4). The request had no effect. */
export abstract class RetryLaterError extends Error {
  /** Whole seconds, at least one. */
  abstract readonly retryAfter: number;
}

/** A rate limit or a login delay is exceeded. */
export class TooManyRequests extends RetryLaterError {
  override readonly name = 'TooManyRequests';
  override readonly retryAfter: number;

  constructor(milliseconds: number) {
    super('too many requests');
    this.retryAfter = Math.max(1, Math.ceil(milliseconds / 1000));
  }
}

const REGISTRATION_REFUSALS = {
  registrationClosed: 'Registration is closed. The operator of this server creates accounts.',
  /** One text for a missing, wrong, used and expired invitation, and for one of another address. */
  invitationInvalid:
    'Registration needs a valid invitation for this e-mail address. Ask the operator of this server for one.',
};

/** `REGISTRATION` does not allow the registration: 403. */
export class RegistrationRefused extends Error {
  override readonly name = 'RegistrationRefused';

  constructor(readonly kind: keyof typeof REGISTRATION_REFUSALS) {
    super(REGISTRATION_REFUSALS[kind]);
  }
}
