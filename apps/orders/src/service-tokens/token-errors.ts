import { ServiceUnavailableException } from '@nestjs/common';

/**
 * The authorization server cannot be reached, or does not do its work, or does not know this service. That is nothing that
 * a caller has done: 503 with `Retry-After` (RFC 9110 §15.6.4).
 */
export class AuthorizationServerUnavailableException extends ServiceUnavailableException {
  readonly headers = { 'Retry-After': '2' };

  constructor(cause?: unknown) {
    super('The service cannot do this just now. Try again in a moment.', { cause });
  }
}

/** The authorization server answered, and gives no token for this (RFC 6749 §5.2). */
export class TokenRejectedError extends Error {
  override readonly name = 'TokenRefused';

  /** @param code such as `invalid_scope` */
  constructor(
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(`the authorization server gives no token: ${code}`, options);
  }
}
