import { randomUUID } from 'node:crypto';
import type { NewInvoice } from '../../src/invoices/invoice.schema.js';

/** What a service sends to bill alice 2,500 minor units for an order of its own. */
export const anInvoice = (changes: Partial<NewInvoice> = {}): NewInvoice => ({
  customer: 'alice',
  orderId: `order-${randomUUID()}`,
  amountMinor: 2500,
  currency: 'EUR',
  ...changes,
});
