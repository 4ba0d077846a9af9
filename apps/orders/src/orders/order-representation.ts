import { z } from 'zod';
import { ORDER_STATES } from './order-state.js';
import type { Order } from './order.entity.js';
import { encodeCursor } from './order.schema.js';
import type { OrderPage } from './order.repository.js';

export const orderRepresentationSchema = z
  .object({
    id: z.string(),
    state: z.enum(ORDER_STATES),
    items: z.array(z.object({ sku: z.string(), quantity: z.int(), unitPriceMinor: z.int() })),
    currency: z.string(),
    totalMinor: z.int().describe("In the currency's minor unit"),
    placedAt: z.iso.datetime(),
    cancelledAt: z.iso.datetime().nullable(),
  })
  .meta({
    example: {
      id: 'ord_3x7mQkq0S1uJ9b2dVvZc4A',
      state: 'placed',
      items: [{ sku: 'tea', quantity: 2, unitPriceMinor: 450 }],
      currency: 'EUR',
      totalMinor: 900,
      placedAt: '2026-11-25T09:30:00.000Z',
      cancelledAt: null,
    },
  });
export type OrderRepresentation = z.infer<typeof orderRepresentationSchema>;

export const pageRepresentationSchema = z.object({
  orders: z.array(orderRepresentationSchema),
  next: z.string().optional().describe('`after` of the next page. Absent on the last page'),
});
export type PageRepresentation = z.infer<typeof pageRepresentationSchema>;

export const toOrderRepresentation = (order: Order): OrderRepresentation => ({
  id: order.id,
  state: order.state,
  items: [...order.items],
  currency: order.currency,
  totalMinor: order.totalMinor,
  placedAt: order.placedAt.toISOString(),
  cancelledAt: order.cancelledAt?.toISOString() ?? null,
});

export const toPageRepresentation = ({ orders, next }: OrderPage): PageRepresentation => ({
  orders: orders.map(toOrderRepresentation),
  ...(next && { next: encodeCursor(next) }),
});
