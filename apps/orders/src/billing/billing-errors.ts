import { InvalidToken } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { HttpStatus, ServiceUnavailableException } from '@nestjs/common';
import { TokenRejectedError } from '../service-tokens/token-errors.js';

/** Billing cannot be reached, or does not do its work: what it made of the request, if anything, is not known. */
export class BillingUnavailableException extends ServiceUnavailableException {
  readonly headers = { 'Retry-After': '2' };

  constructor(cause?: unknown) {
    super('The service cannot do this just now. Try again in a moment.', { cause });
  }
}

/** Billing has read the request, and will never take it as it is. */
export class InvoiceRejectedError extends Error {
  override readonly name = 'InvoiceRefused';

  /** @param responseText what billing said */
  constructor(
    readonly status: number,
    readonly responseText: string,
  ) {
    super(`billing refuses the invoice with ${status}: ${responseText}`);
  }
}

/**
 * What a refused exchange means for whoever called (RFC 8693 §2.2.2): their token has ended on the way here, or what they
 * granted at their login does not reach as far as billing.
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
