import { z } from 'zod';

/** The content of an invoice. Billing issues one invoice per order. */
export interface InvoiceContent {
  readonly orderId: string;
  /** `sub` of the person who pays. */
  readonly customer: string;
  /** In the currency's minor unit. */
  readonly amountMinor: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** The members that orders passes on. Zod drops other members, so billing can add some. */
export const invoiceSchema = z.object({
  id: z.string(),
  state: z.string(),
  orderId: z.string(),
  amountMinor: z.int().describe("In the currency's minor unit"),
  currency: z.string(),
  issuedAt: z.iso.datetime(),
  paidAt: z.iso.datetime().nullable(),
});
export type Invoice = z.infer<typeof invoiceSchema>;

export const invoicePageSchema = z.object({ invoices: z.array(invoiceSchema) });
