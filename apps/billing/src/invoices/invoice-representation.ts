import { z } from 'zod';
import { writeCursor } from './invoice-page.js';
import { INVOICE_STATES } from './invoice-state.js';
import type { Invoice } from './invoice.entity.js';
import type { InvoicePage } from './invoices.js';

/** An invoice as clients see it. */
export const invoiceRepresentation = z.object({
  id: z.string(),
  state: z.enum(INVOICE_STATES),
  customer: z.string(),
  orderId: z.string(),
  amountMinor: z.int().describe("In the currency's minor unit"),
  currency: z.string(),
  issuedAt: z.iso.datetime(),
  paidAt: z.iso.datetime().nullable(),
  refundedAt: z.iso.datetime().nullable(),
});
export type InvoiceRepresentation = z.infer<typeof invoiceRepresentation>;

export const pageRepresentation = z.object({
  invoices: z.array(invoiceRepresentation),
  next: z.string().optional().describe('`after` of the next page; absent on the last one'),
});
export type PageRepresentation = z.infer<typeof pageRepresentation>;

export const represent = (invoice: Invoice): InvoiceRepresentation => ({
  id: invoice.id,
  state: invoice.state,
  customer: invoice.customer,
  orderId: invoice.orderId,
  amountMinor: invoice.amountMinor,
  currency: invoice.currency,
  issuedAt: invoice.issuedAt.toISOString(),
  paidAt: invoice.paidAt?.toISOString() ?? null,
  refundedAt: invoice.refundedAt?.toISOString() ?? null,
});

export const representPage = ({ invoices, next }: InvoicePage): PageRepresentation => ({
  invoices: invoices.map(represent),
  ...(next && { next: writeCursor(next) }),
});
