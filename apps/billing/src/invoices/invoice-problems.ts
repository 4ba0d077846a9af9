import { Problem } from '@gatehouse/service-kit';
import { HttpStatus } from '@nestjs/common';
import type { InvoiceState } from './invoice-state.js';

/** The same words for an invoice of somebody else and for none at all: ids cannot be probed. */
export const invoiceNotFound = () =>
  new Problem(HttpStatus.NOT_FOUND, { detail: 'There is no such invoice.' });

export const invoiceConflict = () =>
  new Problem(HttpStatus.CONFLICT, { detail: 'The order has an invoice that says otherwise.' });

/** The end of it for whoever asks: staff may give the money back. */
export const invoiceNotVoidable = (state: InvoiceState) =>
  new Problem(HttpStatus.CONFLICT, {
    detail: `The invoice is ${state}, and cannot be made void.`,
    extensions: { state },
  });
