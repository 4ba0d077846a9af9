import { z } from 'zod';

/** The largest amount, in minor units: far below 2^53. */
export const MAX_AMOUNT = 1_000_000_000_000;

/** Codes of ISO 4217 that stand for money, as the runtime knows them. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

const visibleAscii = (most: number) =>
  z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${most}}$`), {
    error: `must be 1 to ${most} visible ASCII characters`,
  });

export const orderIdentifier = () => visibleAscii(64);

export const newInvoice = z.strictObject({
  customer: visibleAscii(255).describe('`sub` of the person who is to pay'),
  orderId: orderIdentifier().describe('An order has one invoice'),
  amountMinor: z.int().min(1).max(MAX_AMOUNT).describe("In the currency's minor unit"),
  currency: z
    .string()
    .refine((code) => CURRENCIES.has(code), 'must be a currency code of ISO 4217')
    .meta({ pattern: '^[A-Z]{3}$', example: 'EUR' }),
});
export type NewInvoice = Readonly<z.infer<typeof newInvoice>>;
