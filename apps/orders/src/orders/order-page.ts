import { z } from 'zod';
import { ORDER_STATES } from './order-state.js';

/** Where a page ends: at the order that was placed then and has this id. */
export interface Position {
  /** Milliseconds since the epoch. */
  readonly placedAt: number;
  readonly id: string;
}

const FORM = /^(\d{1,15})\.(ord_[\w-]{22})$/;

/** Opaque to clients, but no secret: whose orders are listed never depends on it. */
export const writeCursor = ({ placedAt, id }: Position): string =>
  Buffer.from(`${placedAt}.${id}`).toString('base64url');

const cursor = z.string().transform((text, context): Position => {
  const [, placedAt, id] = FORM.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (placedAt === undefined || id === undefined) {
    context.addIssue('must be `next` of the page before');
    return z.NEVER;
  }
  return { placedAt: Number(placedAt), id };
});

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const pageRequest = z.strictObject({
  limit: z.coerce.number<string>().int().min(1).max(100).default(20),
  after: cursor.optional().describe('`next` of the page before; the first page where left out'),
  state: z.enum(ORDER_STATES).optional(),
  placedFrom: instant.optional().describe('Placed then or later (RFC 3339)'),
  placedBefore: instant.optional().describe('Placed earlier than that (RFC 3339)'),
  owner: z
    .string()
    .min(1)
    .max(255)
    // PostgreSQL stores no such text, so nobody is called that.
    .refine((owner) => !owner.includes('\0'), 'must not contain NUL')
    .optional()
    .describe("Whose orders: your own where left out, and somebody else's with `orders:read:any`"),
});
export type PageRequest = z.infer<typeof pageRequest>;
