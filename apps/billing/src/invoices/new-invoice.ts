import { z } from 'zod';

/** The largest amount, in minor units: far below 2^53. */
export const MAX_AMOUNT = 1_000_000_000_000;

const visibleAscii = (most: number) =>
  z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${most}}$`), {
    error: `must be 1 to ${most} visible ASCII characters`,
  });

export const newInvoice = z.strictObject({
  customer: visibleAscii(255).describe('`sub` of the person who is to pay'),
  orderId: visibleAscii(64).describe('An order has one invoice'),
  amountMinor: z.int().min(1).max(MAX_AMOUNT).describe("In the currency's minor unit"),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be three capital letters (ISO 4217)')
    .meta({ example: 'EUR' }),
});
export type NewInvoice = Readonly<z.infer<typeof newInvoice>>;
