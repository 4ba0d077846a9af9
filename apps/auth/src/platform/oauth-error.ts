import type { ClientRefusalReason } from './security-events/security-event.js';

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
  access_denied: 'The user did not allow the access.',
  unsupported_response_type: 'The response_type must be code.',
  temporarily_unavailable: 'The server cannot answer now. Try again later.',
  login_required: 'prompt is none, and the user must log in.',
  account_selection_required: 'prompt is none, and the user must choose an account.',
  consent_required: 'prompt is none, and the user must consent.',
  request_not_supported: 'request is not supported: send each parameter itself.',
  request_uri_not_supported: 'request_uri is not supported: send each parameter itself.',
  registration_not_supported: 'registration is not supported: the operator registers clients.',
  unmet_authentication_requirements: 'The server supports no acr of claims.',
};
type AuthorizationErrorCode = keyof typeof AUTHORIZATION_ERRORS;

/** The values that a failed check compared, for the log. They are never secrets, codes or tokens. */
export interface ComparedValues {
  readonly presented?: string | undefined;
  readonly expected?: string | undefined;
}

interface ClientRefusalDetail extends ComparedValues {
  /** The check that failed, if the reason does not name it. */
  readonly check?: string;
  /** For the client. Only a client that proved its identity, or whose id is public, may learn it. */
  readonly hint?: string;
}

interface ErrorDetail extends ComparedValues {
  /** The check that failed. */
  readonly check?: string;
  readonly clientRefusal?: ClientRefusalReason;
}

interface AuthorizationErrorDetail extends ErrorDetail {
  /** The default is the text of the code. */
  readonly description?: string;
}

/**
 * An error that the server reports to a client (RFC 6749 §5.2). The description names the parameter and the fix where that
 * tells an attacker nothing. The detail goes to the server's log and never into an answer.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly description: string;

  private constructor(
    readonly code: ErrorCode,
    description: string,
    readonly detail: ErrorDetail = {},
  ) {
    super(`${code}: ${detail.check ?? description}`);
    this.description = toDescription(description);
  }

  /** Why the client authentication failed. */
  get clientRefusal(): ClientRefusalReason | undefined {
    return this.detail.clientRefusal;
  }

  static invalidRequest(description: string, values: ComparedValues = {}): OAuthError {
    return new OAuthError('invalid_request', description, values);
  }

  /** RFC 8693 §2.2.2. The answer gives no reason: it would tell the finder of a token what the token can still do. */
  static invalidSubjectToken(check: string, values: ComparedValues = {}): OAuthError {
    const description = 'The subject_token is invalid, or may not be exchanged by this client.';
    return new OAuthError('invalid_request', description, { ...values, check });
  }

  /** The answer is the same for an unknown client and for a wrong secret. A `hint` helps a client that exists. */
  static invalidClient(
    clientRefusal: ClientRefusalReason,
    { hint, check = clientRefusal, ...values }: ClientRefusalDetail = {},
  ): OAuthError {
    const description = `Client authentication failed${hint === undefined ? '' : `: ${hint}`}.`;
    return new OAuthError('invalid_client', description, { ...values, check, clientRefusal });
  }

  /** @param hint for the client: only a reason that a caller who found or stole the grant may learn */
  static invalidGrant(
    check: string,
    { hint, ...values }: ComparedValues & { readonly hint: string },
  ): OAuthError {
    return new OAuthError('invalid_grant', hint, { ...values, check });
  }

  /** The answer gives no reason, because the caller may have found or stolen the code. */
  static invalidCode(check: string): OAuthError {
    return OAuthError.invalidGrant(check, { hint: 'The code is invalid, expired or revoked.' });
  }

  /** The answer gives no reason, because the caller may have found or stolen the token. */
  static invalidRefreshToken(check: string): OAuthError {
    const hint = 'The refresh_token is invalid, expired or revoked.';
    return OAuthError.invalidGrant(check, { hint });
  }

  /** One answer for an unknown account, a wrong password and a disabled account. */
  static invalidCredentials(check: string): OAuthError {
    return new OAuthError('invalid_grant', 'The e-mail or the password is wrong.', { check });
  }

  /** @param rule what a client with this grant must be, if the registration of the grant alone is not enough */
  static unauthorizedClient(grantType: string, rule?: string): OAuthError {
    const description = `This client may not use the grant_type ${grantType}${rule === undefined ? '' : `: ${rule}`}.`;
    return new OAuthError('unauthorized_client', description, { presented: grantType });
  }

  static unsupportedGrantType(grantType: string): OAuthError {
    const description = `Unsupported grant_type: ${grantType}.`;
    return new OAuthError('unsupported_grant_type', description, { presented: grantType });
  }

  /** @param description names the words, which the client sent itself */
  static invalidScope(description: string, values: ComparedValues = {}): OAuthError {
    return new OAuthError('invalid_scope', description, values);
  }

  /**
   * The account's roles allow no word of the scope. RFC 6749 has `access_denied` for the authorization endpoint (§4.1.2.1) and
   * `invalid_scope` for the token endpoint (§5.2). The words of a scope are valid in a description.
   */
  static roleRequired(
    code: 'access_denied' | 'invalid_scope',
    scope: readonly string[],
  ): OAuthError {
    const presented = scope.join(' ');
    const description = `No role of this account allows the scope: ${presented}.`;
    return new OAuthError(code, description, { presented, check: 'role' });
  }

  /** @param description names the resource, which the client sent itself */
  static invalidTarget(description: string, values: ComparedValues = {}): OAuthError {
    return new OAuthError('invalid_target', description, values);
  }

  static unsupportedTokenType(): OAuthError {
    const description = 'The token has no session of this client: it ends when it expires.';
    return new OAuthError('unsupported_token_type', description);
  }

  /** @param description names the fault, because the sender made the proof */
  static invalidDpopProof(description: string, check: string): OAuthError {
    return new OAuthError('invalid_dpop_proof', description, { check });
  }

  /** RFC 9449 §8. The header `DPoP-Nonce` of the answer carries the nonce. */
  static useDpopNonce(): OAuthError {
    return new OAuthError('use_dpop_nonce', 'Send a proof with the nonce of this answer.');
  }

  static authorizationError(
    code: AuthorizationErrorCode,
    { description = AUTHORIZATION_ERRORS[code], ...detail }: AuthorizationErrorDetail = {},
  ): OAuthError {
    return new OAuthError(code, description, detail);
  }

  toJSON() {
    return { error: this.code, error_description: this.description };
  }
}

const MAX_DESCRIPTION_LENGTH = 300;

/** The characters that RFC 6749 §5.2 allows; the description may contain text that the client sent. */
export const toDescription = (text: string): string =>
  text.slice(0, MAX_DESCRIPTION_LENGTH).replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');

/** Parameters that belong into the body, because servers and proxies log URLs (RFC 6749 §2.3.1). */
const BODY_PARAMETERS = [
  ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
  ...['grant_type', 'code', 'code_verifier', 'redirect_uri', 'refresh_token', 'scope', 'resource'],
  ...[
    'token',
    'token_type_hint',
    'access_token',
    'subject_token',
    'subject_token_type',
    'audience',
  ],
  ...['requested_token_type', 'actor_token', 'actor_token_type', 'email', 'username', 'password'],
];

/**
 * Other parameters of the URL are ignored: "The endpoint URI MAY include … [a] query component" (RFC 6749 §3.2).
 *
 * @throws {OAuthError} `invalid_request`
 */
export function rejectQueryParameters(url: string): void {
  const start = url.indexOf('?');
  if (start < 0) return;
  const sent = new URLSearchParams(url.slice(start));
  const name = BODY_PARAMETERS.find((known) => sent.has(known));
  if (name !== undefined) throw OAuthError.invalidRequest(`${name} belongs in the body.`);
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
