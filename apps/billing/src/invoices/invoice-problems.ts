import { Problem } from '@gatehouse/service-kit';
import { HttpStatus } from '@nestjs/common';
import type { InvoiceState } from './invoice-state.js';

/** The same answer for another customer's invoice and for an unknown id, so callers cannot probe ids. */
export const invoiceNotFound = () =>
  new Problem(HttpStatus.NOT_FOUND, { detail: 'There is no such invoice.' });

export const invoiceConflict = () =>
  new Problem(HttpStatus.CONFLICT, { detail: 'The order has an invoice that says otherwise.' });

/** A paid invoice can be refunded by staff, but not voided. */
export const invoiceNotVoidable = (state: InvoiceState) =>
  new Problem(HttpStatus.CONFLICT, {
    detail: `The invoice is ${state}, and cannot be made void.`,
    extensions: { state },
  });
