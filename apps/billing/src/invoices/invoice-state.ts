export const INVOICE_STATES = ['open', 'paying', 'paid', 'refunding', 'refunded'] as const;
export type InvoiceState = (typeof INVOICE_STATES)[number];

/**
 * Money that goes one way or the other: the states of its invoice before, meanwhile and after, and the column that keeps
 * the moment. What is declined leads back to where it came from; nothing else can happen to an invoice.
 */
export const MOVEMENTS = {
  charge: { from: 'open', meanwhile: 'paying', after: 'paid', at: 'paid_at' },
  refund: { from: 'paid', meanwhile: 'refunding', after: 'refunded', at: 'refunded_at' },
} as const;

export type Movement = keyof typeof MOVEMENTS;

/** What was paid has been given back, or is about to be. */
export const isPaidBack = (state: InvoiceState): boolean =>
  state === MOVEMENTS.refund.meanwhile || state === MOVEMENTS.refund.after;

/** Nobody knows yet whether the money has moved. */
export const isUndecided = (state: InvoiceState): boolean =>
  state === MOVEMENTS.charge.meanwhile || state === MOVEMENTS.refund.meanwhile;
