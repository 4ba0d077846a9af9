export const INVOICE_STATES = ['open', 'paying', 'paid', 'refunding', 'refunded', 'void'] as const;
export type InvoiceState = (typeof INVOICE_STATES)[number];

/**
 * A charge and a refund: the states of the invoice before, during and after it, and the property that keeps its time. When
 * the provider declines, the invoice returns to the state before.
 */
export const MOVEMENTS = {
  charge: { from: 'open', meanwhile: 'paying', after: 'paid', at: 'paidAt' },
  refund: { from: 'paid', meanwhile: 'refunding', after: 'refunded', at: 'refundedAt' },
} as const;

export type Movement = keyof typeof MOVEMENTS;

/** Void and refunded are final. */
export const VOID_TRANSITION = { from: 'open', after: 'void', at: 'voidedAt' } as const;

/** Whether a charge has succeeded, also when it was refunded since. */
export const hasBeenPaid = (state: InvoiceState): boolean =>
  state === MOVEMENTS.charge.after || isRefundStarted(state);

export const isRefundStarted = (state: InvoiceState): boolean =>
  state === MOVEMENTS.refund.meanwhile || state === MOVEMENTS.refund.after;

/** Whether the provider has not given its verdict yet. */
export const isPaymentPending = (state: InvoiceState): boolean =>
  state === MOVEMENTS.charge.meanwhile || state === MOVEMENTS.refund.meanwhile;
