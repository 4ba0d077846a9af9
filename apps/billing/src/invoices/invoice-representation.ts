import { z } from 'zod';
import { encodeCursor } from './invoice.schema.js';
import { INVOICE_STATES } from './invoice-state.js';
import type { Invoice } from './invoice.entity.js';
import type { InvoicePage } from './invoice.repository.js';

export const invoiceRepresentationSchema = z
  .object({
    id: z.string(),
    state: z.enum(INVOICE_STATES),
    customer: z.string(),
    orderId: z.string(),
    amountMinor: z.int().describe("In the currency's minor unit"),
    currency: z.string(),
    issuedAt: z.iso.datetime(),
    paidAt: z.iso.datetime().nullable(),
    refundedAt: z.iso.datetime().nullable(),
    voidedAt: z.iso.datetime().nullable(),
  })
  .meta({
    example: {
      id: 'inv_Y0c5t8Pn2LrD7wXeGhKa1Q',
      state: 'open',
      customer: 'acct_5nRf0yWb7TgP3kLzXe9QaA',
      orderId: 'ord_3x7mQkq0S1uJ9b2dVvZc4A',
      amountMinor: 900,
      currency: 'EUR',
      issuedAt: '2026-11-25T09:30:02.000Z',
      paidAt: null,
      refundedAt: null,
      voidedAt: null,
    },
  });
export type InvoiceRepresentation = z.infer<typeof invoiceRepresentationSchema>;

export const pageRepresentationSchema = z.object({
  invoices: z.array(invoiceRepresentationSchema),
  next: z.string().optional().describe('`after` of the next page. Absent on the last page'),
});
export type PageRepresentation = z.infer<typeof pageRepresentationSchema>;

export const toInvoiceRepresentation = (invoice: Invoice): InvoiceRepresentation => ({
  id: invoice.id,
  state: invoice.state,
  customer: invoice.customer,
  orderId: invoice.orderId,
  amountMinor: invoice.amountMinor,
  currency: invoice.currency,
  issuedAt: invoice.issuedAt.toISOString(),
  paidAt: invoice.paidAt?.toISOString() ?? null,
  refundedAt: invoice.refundedAt?.toISOString() ?? null,
  voidedAt: invoice.voidedAt?.toISOString() ?? null,
});

export const toPageRepresentation = ({ invoices, next }: InvoicePage): PageRepresentation => ({
  invoices: invoices.map(toInvoiceRepresentation),
  ...(next && { next: encodeCursor(next) }),
});
