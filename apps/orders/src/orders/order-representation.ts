import { z } from 'zod';
import { ORDER_STATES } from './order-state.js';
import type { Order } from './order.entity.js';
import { writeCursor } from './order-page.js';
import type { OrderPage } from './orders.js';

/** An order as clients see it. */
export const orderRepresentation = z.object({
  id: z.string(),
  state: z.enum(ORDER_STATES),
  items: z.array(z.object({ sku: z.string(), quantity: z.int(), unitPriceMinor: z.int() })),
  currency: z.string(),
  totalMinor: z.int().describe("In the currency's minor unit"),
  placedAt: z.iso.datetime(),
  cancelledAt: z.iso.datetime().nullable(),
});
export type OrderRepresentation = z.infer<typeof orderRepresentation>;

export const pageRepresentation = z.object({
  orders: z.array(orderRepresentation),
  next: z.string().optional().describe('`after` of the next page; absent on the last one'),
});
export type PageRepresentation = z.infer<typeof pageRepresentation>;

export const represent = (order: Order): OrderRepresentation => ({
  id: order.id,
  state: order.state,
  items: [...order.items],
  currency: order.currency,
  totalMinor: order.totalMinor,
  placedAt: order.placedAt.toISOString(),
  cancelledAt: order.cancelledAt?.toISOString() ?? null,
});

export const representPage = ({ orders, next }: OrderPage): PageRepresentation => ({
  orders: orders.map(represent),
  ...(next && { next: writeCursor(next) }),
});
