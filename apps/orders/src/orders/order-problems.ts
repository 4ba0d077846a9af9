import { Problem } from '@gatehouse/service-kit';
import { HttpStatus } from '@nestjs/common';

/** The same words for an order of somebody else and for none at all: ids cannot be probed. */
export const noSuchOrder = () =>
  new Problem(HttpStatus.NOT_FOUND, { detail: 'There is no such order.' });

/** The state is in the answer, so that a client that missed the first one sees that it got what it wanted. */
export const alreadyCancelled = () =>
  new Problem(HttpStatus.CONFLICT, {
    detail: 'The order is cancelled already.',
    extensions: { state: 'cancelled' },
  });
