import { InvalidToken } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { HttpStatus, ServiceUnavailableException } from '@nestjs/common';
import { TokenRejectedError } from '../service-tokens/token-errors.js';

/** Billing does not answer, or answers with an error. It is not known whether billing has processed the request. */
export class BillingUnavailableException extends ServiceUnavailableException {
  readonly headers = { 'Retry-After': '2' };

  constructor(cause?: unknown) {
    super('The service cannot do this just now. Try again in a moment.', { cause });
  }
}

/** Billing has rejected the request for its content, so the same request would fail again. */
export class InvoiceRejectedError extends Error {
  override readonly name = 'InvoiceRejectedError';

  /** @param responseText the begin of billing's response */
  constructor(
    readonly status: number,
    readonly responseText: string,
  ) {
    super(`billing rejects the invoice with ${status}: ${responseText}`);
  }
}

/**
 * Translates a failed token exchange for the caller (RFC 8693 §2.2.2). Either the caller's token was revoked after the guard
 * verified it, or the user has granted no scope for billing.
 *
 * @throws {InvalidToken} 401
 * @throws {Problem} 403
 */
export function rethrowForCaller(error: unknown): never {
  if (!(error instanceof TokenRejectedError)) throw error;
  if (['invalid_request', 'invalid_grant'].includes(error.code))
    throw new InvalidToken('revoked', error);
  throw new Problem(HttpStatus.FORBIDDEN, {
    detail: 'Your login does not let this service see your invoices.',
  });
}
