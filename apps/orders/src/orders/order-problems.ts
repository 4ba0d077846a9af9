import { Problem } from '@gatehouse/service-kit';
import { HttpStatus } from '@nestjs/common';
import type { OrderState } from './order-state.js';

/** The same answer for another owner's order and for an unknown id, so callers cannot probe ids. */
export const orderNotFound = () =>
  new Problem(HttpStatus.NOT_FOUND, { detail: 'There is no such order.' });

/** The invoice is created shortly after the order. */
export const invoiceNotFound = () =>
  new Problem(HttpStatus.NOT_FOUND, {
    detail: 'The order has no invoice yet.',
    headers: { 'Retry-After': '1' },
  });

/** Contains the state, so a client that lost the answer to its first request sees that the order is cancelled. */
export const orderNotCancellable = (state: OrderState) =>
  new Problem(HttpStatus.CONFLICT, {
    detail: `The order is ${state}, and cannot be cancelled.`,
    extensions: { state },
  });

export const preconditionRequired = () =>
  new Problem(HttpStatus.PRECONDITION_REQUIRED, {
    detail: 'Say which version of the order you have seen: `If-Match` with its `ETag`, or `*`.',
  });

export const malformedPrecondition = () =>
  new Problem(HttpStatus.BAD_REQUEST, { detail: '`If-Match` is no list of entity tags.' });

export const preconditionFailed = () =>
  new Problem(HttpStatus.PRECONDITION_FAILED, {
    detail: 'The order has changed since you have seen it. Read it again.',
  });
