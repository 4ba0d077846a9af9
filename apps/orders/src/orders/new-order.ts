import { z } from 'zod';

/** The largest price and total, in minor units: far below 2^53, so that sums of numbers are exact. */
export const MAX_AMOUNT = 1_000_000_000_000;

/** Codes of ISO 4217 that stand for money, as the runtime knows them: it is kept up to date, and a list of ours would not be. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

const orderItem = z.strictObject({
  sku: z.string().regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 visible ASCII characters'),
  quantity: z.int().min(1).max(10_000),
  unitPriceMinor: z.int().min(1).max(MAX_AMOUNT).describe("In the currency's minor unit"),
});
export type OrderItem = Readonly<z.infer<typeof orderItem>>;

export const newOrder = z
  .strictObject({
    items: z.array(orderItem).min(1).max(100),
    currency: z
      .string()
      .refine((code) => CURRENCIES.has(code), 'must be a currency code of ISO 4217')
      .meta({ pattern: '^[A-Z]{3}$', example: 'EUR' }),
  })
  .refine(({ items }) => totalOf(items) <= MAX_AMOUNT, {
    path: ['items'],
    error: `must not cost more than ${MAX_AMOUNT} in total`,
  });
export type NewOrder = z.infer<typeof newOrder>;

/**
 * In minor units. A total within {@link MAX_AMOUNT} is exact; one beyond it may be rounded, but is never taken for one
 * within, since rounding keeps the order of numbers.
 */
export function totalOf(items: readonly OrderItem[]): number {
  return items.reduce((total, item) => total + item.quantity * item.unitPriceMinor, 0);
}
