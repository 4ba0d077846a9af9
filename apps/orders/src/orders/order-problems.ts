import { Problem } from '@gatehouse/service-kit';
import { HttpStatus } from '@nestjs/common';
import type { OrderState } from './order-state.js';

/** The same words for an order of somebody else and for none at all: ids cannot be probed. */
export const orderNotFound = () =>
  new Problem(HttpStatus.NOT_FOUND, { detail: 'There is no such order.' });

/** It is on its way: billing has been told, or will be. */
export const invoiceNotFound = () =>
  new Problem(HttpStatus.NOT_FOUND, {
    detail: 'The order has no invoice yet.',
    headers: { 'Retry-After': '1' },
  });

/** The state is in the answer, so that a client that missed the first one sees that it got what it wanted. */
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
