export const INVOICE_STATES = ['open', 'paying', 'paid', 'refunding', 'refunded', 'void'] as const;
export type InvoiceState = (typeof INVOICE_STATES)[number];

/**
 * Money that goes one way or the other: the states of its invoice before, meanwhile and after, and the column that keeps
 * the moment. What is declined leads back to where it came from.
 */
export const MOVEMENTS = {
  charge: { from: 'open', meanwhile: 'paying', after: 'paid', at: 'paid_at' },
  refund: { from: 'paid', meanwhile: 'refunding', after: 'refunded', at: 'refunded_at' },
} as const;

export type Movement = keyof typeof MOVEMENTS;

/** Nobody is to pay any more what nobody has paid: the end of an invoice, as `refunded` is. */
export const VOID_TRANSITION = { from: 'open', after: 'void', at: 'voided_at' } as const;

/** Something was paid, whatever has become of it since. */
export const hasBeenPaid = (state: InvoiceState): boolean =>
  state === MOVEMENTS.charge.after || isRefundStarted(state);

/** What was paid has been given back, or is about to be. */
export const isRefundStarted = (state: InvoiceState): boolean =>
  state === MOVEMENTS.refund.meanwhile || state === MOVEMENTS.refund.after;

/** Nobody knows yet whether the money has moved. */
export const isPaymentPending = (state: InvoiceState): boolean =>
  state === MOVEMENTS.charge.meanwhile || state === MOVEMENTS.refund.meanwhile;
