import { Problem } from '@gatehouse/service-kit';
import { HttpStatus } from '@nestjs/common';

/** The same words for an invoice of somebody else and for none at all: ids cannot be probed. */
export const noSuchInvoice = () =>
  new Problem(HttpStatus.NOT_FOUND, { detail: 'There is no such invoice.' });

/** The state is in the answer, so that a client that missed the first one sees that nothing is left to pay. */
export const alreadyPaid = () =>
  new Problem(HttpStatus.CONFLICT, {
    detail: 'The invoice is paid already.',
    extensions: { state: 'paid' },
  });

export const otherInvoiceForOrder = () =>
  new Problem(HttpStatus.CONFLICT, { detail: 'The order has an invoice that says otherwise.' });
