import { z } from 'zod';
import { INVOICE_STATES } from './invoice-state.js';
import { orderIdentifier } from './new-invoice.js';

/** Where a page ends: at the invoice that was issued then and has this id. */
export interface Position {
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly id: string;
}

const FORM = /^(\d{1,15})\.(inv_[\w-]{22})$/;

/** Opaque to clients, but no secret: whose invoices are listed never depends on it. */
export const writeCursor = ({ issuedAt, id }: Position): string =>
  Buffer.from(`${issuedAt}.${id}`).toString('base64url');

const cursor = z.string().transform((text, context): Position => {
  const [, issuedAt, id] = FORM.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (issuedAt === undefined || id === undefined) {
    context.addIssue('must be `next` of the page before');
    return z.NEVER;
  }
  return { issuedAt: Number(issuedAt), id };
});

export const pageRequest = z.strictObject({
  limit: z.coerce.number<string>().int().min(1).max(100).default(20),
  after: cursor.optional().describe('`next` of the page before; the first page where left out'),
  state: z.enum(INVOICE_STATES).optional(),
  orderId: orderIdentifier().optional().describe('The invoice of this order'),
});
export type PageRequest = z.infer<typeof pageRequest>;
