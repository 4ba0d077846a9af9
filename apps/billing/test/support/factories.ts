import { randomUUID } from 'node:crypto';
import type { NewInvoice } from '../../src/invoices/invoice.schema.js';

/** The body of an invoice for alice: 2,500 minor units for a new order. */
export const anInvoice = (changes: Partial<NewInvoice> = {}): NewInvoice => ({
  customer: 'alice',
  orderId: `order-${randomUUID()}`,
  amountMinor: 2500,
  currency: 'EUR',
  ...changes,
});
