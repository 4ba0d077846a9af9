import { z } from 'zod';

/** What an invoice says: billing issues one for each order. */
export interface InvoiceContent {
  readonly orderId: string;
  /** `sub` of the person who is to pay. */
  readonly customer: string;
  /** In the currency's minor unit. */
  readonly amountMinor: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** As much of billing's answer as is passed on: a member that billing adds changes nothing here. */
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
