import { Problem } from '@gatehouse/service-kit';
import { HttpStatus } from '@nestjs/common';
import type { InvoiceState } from '../invoices/invoice-state.js';

export const paymentDeclined = () =>
  new Problem(HttpStatus.PAYMENT_REQUIRED, {
    detail: 'The payment was declined. The invoice is open: try another method.',
    extensions: { state: 'open' },
  });

export const invoiceRefunded = (state: InvoiceState) =>
  new Problem(HttpStatus.CONFLICT, {
    detail: 'The invoice was paid and is paid back.',
    extensions: { state },
  });

export const invoiceVoid = () =>
  new Problem(HttpStatus.CONFLICT, {
    detail: 'The invoice is void: nothing is to be paid.',
    extensions: { state: 'void' },
  });

export const invoiceNotPaid = (state: InvoiceState) =>
  new Problem(HttpStatus.CONFLICT, {
    detail: `The invoice is ${state}: there is nothing to give back.`,
    extensions: { state },
  });

export const refundDeclined = () =>
  new Problem(HttpStatus.CONFLICT, {
    detail: 'The payment provider declines the refund.',
    extensions: { state: 'paid' },
  });

export const tooManyDeclinedPayments = () =>
  new Problem(HttpStatus.CONFLICT, {
    detail: 'Too many payments of this invoice were declined.',
    extensions: { state: 'open' },
  });

/** Without a provider no payment is stored, because it could not be completed. */
export const paymentsUnavailable = () =>
  new Problem(HttpStatus.SERVICE_UNAVAILABLE, {
    detail: 'Payments are not possible here: no payment provider is configured.',
    headers: { 'Retry-After': '3600' },
  });
