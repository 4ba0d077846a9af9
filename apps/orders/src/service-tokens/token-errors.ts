import { ServiceUnavailableException } from '@nestjs/common';

/**
 * The authorization server does not answer, fails, or does not accept this service as a client. The caller has not caused
 * that, so the answer is 503 with `Retry-After` (RFC 9110 §15.6.4).
 */
export class AuthorizationServerUnavailableException extends ServiceUnavailableException {
  readonly headers = { 'Retry-After': '2' };

  constructor(cause?: unknown) {
    super('The service cannot do this just now. Try again in a moment.', { cause });
  }
}

/** The authorization server has rejected the request for a token (RFC 6749 §5.2). */
export class TokenRejectedError extends Error {
  override readonly name = 'TokenRejectedError';

  /** @param code such as `invalid_scope` */
  constructor(
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(`the authorization server issues no token: ${code}`, options);
  }
}
