import { z } from 'zod';
import { ORDER_STATES } from './order-state.js';

/** The largest price and total, in minor units. It is far below 2^53, so sums are exact. */
export const MAX_AMOUNT = 1_000_000_000_000;

/** The currency codes of ISO 4217 that the runtime knows. Updates of the runtime keep the list current. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

const orderItemSchema = z.strictObject({
  sku: z.string().regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 visible ASCII characters'),
  quantity: z.int().min(1).max(10_000),
  unitPriceMinor: z.int().min(1).max(MAX_AMOUNT).describe("In the currency's minor unit"),
});
export type OrderItem = Readonly<z.infer<typeof orderItemSchema>>;

export const newOrderSchema = z
  .strictObject({
    items: z.array(orderItemSchema).min(1).max(100),
    currency: z
      .string()
      .refine((code) => CURRENCIES.has(code), 'must be a currency code of ISO 4217')
      .meta({ pattern: '^[A-Z]{3}$', example: 'EUR' }),
  })
  .refine(({ items }) => computeTotal(items) <= MAX_AMOUNT, {
    path: ['items'],
    error: `must not cost more than ${MAX_AMOUNT} in total`,
  })
  .meta({
    example: { items: [{ sku: 'tea', quantity: 2, unitPriceMinor: 450 }], currency: 'EUR' },
  });
export type NewOrder = z.infer<typeof newOrderSchema>;

/**
 * Computes the total in minor units. A total up to {@link MAX_AMOUNT} is exact. A larger one may be rounded, but stays larger
 * than the maximum, because rounding is monotonic.
 */
export function computeTotal(items: readonly OrderItem[]): number {
  return items.reduce((total, item) => total + item.quantity * item.unitPriceMinor, 0);
}

/** Identifies the last order of a page. */
export interface PagePosition {
  /** Milliseconds since the epoch. */
  readonly placedAt: number;
  readonly id: string;
}

const CURSOR_FORMAT = /^(\d{1,15})\.(ord_[\w-]{22})$/;

/** The cursor is opaque but not secret: every query names the owner, so a cursor gives no access. */
export const encodeCursor = ({ placedAt, id }: PagePosition): string =>
  Buffer.from(`${placedAt}.${id}`).toString('base64url');

const cursorSchema = z.string().transform((text, context): PagePosition => {
  const [, placedAt, id] = CURSOR_FORMAT.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (placedAt === undefined || id === undefined) {
    context.addIssue('must be `next` of the page before');
    return z.NEVER;
  }
  return { placedAt: Number(placedAt), id };
});

const instantSchema = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const pageParametersSchema = z.strictObject({
  limit: z.coerce.number<string>().int().min(1).max(100).default(20),
  after: cursorSchema.optional().describe('`next` of the previous page. Default: the first page'),
  state: z.enum(ORDER_STATES).optional(),
  placedFrom: instantSchema.optional().describe('Placed at this time or later (RFC 3339)'),
  placedBefore: instantSchema.optional().describe('Placed before this time (RFC 3339)'),
  owner: z
    .string()
    .min(1)
    .max(255)
    // PostgreSQL cannot store NUL, so no owner has one.
    .refine((owner) => !owner.includes('\0'), 'must not contain NUL')
    .optional()
    .describe(
      "`sub` of the owner. Default: your own orders. Another user's orders require `orders:read:any`",
    ),
  everyone: z
    .literal('true')
    .optional()
    .describe('The orders of all owners, with `orders:read:any`; not together with `owner`'),
});

export const pageRequestSchema = pageParametersSchema.refine(
  ({ owner, everyone }) => owner === undefined || everyone === undefined,
  { path: ['everyone'], error: 'must not be combined with `owner`' },
);
export type PageRequest = z.infer<typeof pageRequestSchema>;
