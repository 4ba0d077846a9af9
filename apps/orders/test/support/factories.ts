import type { NewOrder } from '../../src/orders/order.schema.js';

/** The body of an order that costs 2,500 minor units. */
export const anOrder = (changes: Partial<NewOrder> = {}): NewOrder => ({
  items: [
    { sku: 'tea-200g', quantity: 2, unitPriceMinor: 1000 },
    { sku: 'cup', quantity: 1, unitPriceMinor: 500 },
  ],
  currency: 'EUR',
  ...changes,
});
