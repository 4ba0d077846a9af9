import { z } from 'zod';
import { INVOICE_STATES } from './invoice-state.js';

/** The largest amount, in minor units. It is far below 2^53. */
export const MAX_AMOUNT = 1_000_000_000_000;

/** The currency codes of ISO 4217 that the runtime knows. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

const createVisibleAsciiSchema = (maxLength: number) =>
  z.string().regex(new RegExp(`^[\\x21-\\x7e]{1,${maxLength}}$`), {
    error: `must be 1 to ${maxLength} visible ASCII characters`,
  });

export const createOrderIdSchema = () => createVisibleAsciiSchema(64);

export const newInvoiceSchema = z
  .strictObject({
    customer: createVisibleAsciiSchema(255).describe('`sub` of the user who pays'),
    orderId: createOrderIdSchema().describe('An order has one invoice'),
    amountMinor: z.int().min(1).max(MAX_AMOUNT).describe("In the currency's minor unit"),
    currency: z
      .string()
      .refine((code) => CURRENCIES.has(code), 'must be a currency code of ISO 4217')
      .meta({ pattern: '^[A-Z]{3}$', example: 'EUR' }),
  })
  .meta({
    example: {
      customer: 'acct_5nRf0yWb7TgP3kLzXe9QaA',
      orderId: 'ord_3x7mQkq0S1uJ9b2dVvZc4A',
      amountMinor: 900,
      currency: 'EUR',
    },
  });
export type NewInvoice = Readonly<z.infer<typeof newInvoiceSchema>>;

/** Identifies the last invoice of a page. */
export interface PagePosition {
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly id: string;
}

const CURSOR_FORMAT = /^(\d{1,15})\.(inv_[\w-]{22})$/;

/** The cursor is opaque but not secret: every query names the customer, so a cursor gives no access. */
export const encodeCursor = ({ issuedAt, id }: PagePosition): string =>
  Buffer.from(`${issuedAt}.${id}`).toString('base64url');

const cursorSchema = z.string().transform((text, context): PagePosition => {
  const [, issuedAt, id] = CURSOR_FORMAT.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (issuedAt === undefined || id === undefined) {
    context.addIssue('must be `next` of the page before');
    return z.NEVER;
  }
  return { issuedAt: Number(issuedAt), id };
});

export const pageRequestSchema = z.strictObject({
  limit: z.coerce.number<string>().int().min(1).max(100).default(20),
  after: cursorSchema.optional().describe('`next` of the previous page. Default: the first page'),
  state: z.enum(INVOICE_STATES).optional(),
  orderId: createOrderIdSchema().optional().describe('The invoice of this order'),
});
export type PageRequest = z.infer<typeof pageRequestSchema>;
