import { UnitOfWork } from '@gatehouse/persistence';
import { Clock, createEntityTag, type IfMatch, matchesIfMatch } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { InvoiceContent } from '../billing/billing.schema.js';
import { InvoiceDeliveryRepository } from '../invoice-deliveries/invoice-delivery.repository.js';
import { IdempotencyKeyRepository } from './idempotency-key.repository.js';
import { createOrderId } from './order-id.pipe.js';
import { orderNotCancellable, orderNotFound, preconditionFailed } from './order-problems.js';
import { findNextState } from './order-state.js';
import type { Order } from './order.entity.js';
import { type OrderPage, OrderRepository } from './order.repository.js';
import { computeTotal, type NewOrder, type PageRequest } from './order.schema.js';

/** Places, reads and cancels orders. The policies have decided before whether the caller may (order-access.policy.ts). */
@Injectable()
export class OrdersService {
  constructor(
    private readonly orders: OrderRepository,
    private readonly idempotencyKeys: IdempotencyKeyRepository,
    private readonly deliveries: InvoiceDeliveryRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * One transaction stores the order, the message to billing and the idempotency key, if the request has one. A repeated
   * request gets the order as it was placed.
   *
   * @throws {Problem} 422 or 429, as {@link IdempotencyKeyRepository.claim} throws it
   */
  async place(owner: string, content: NewOrder, key?: string): Promise<Order> {
    const order = this.createOrder(owner, content);
    const id = await this.unitOfWork.transaction(async (manager) => {
      const request = key !== undefined && { subject: owner, key, content };
      const claimed = request ? await this.idempotencyKeys.claim(request, order.id) : order.id;
      if (claimed !== order.id) return claimed;
      await this.orders.insert(manager, order);
      await this.deliveries.addPlaced(manager, toInvoiceContent(order));
      return order.id;
    });
    return id === order.id ? order : this.findAsPlaced(id);
  }

  /** @param owner undefined for the orders of all owners */
  list(owner: string | undefined, page: PageRequest): Promise<OrderPage> {
    return this.orders.findPage(owner, page);
  }

  /** @throws {Problem} 404 */
  async find(id: string): Promise<Order> {
    const order = await this.orders.findById(id);
    if (!order) throw orderNotFound();
    return order;
  }

  /**
   * One transaction cancels the order and stores the message to billing.
   *
   * @throws {Problem} 412 when the order has changed since the client read it, 409 when it cannot be cancelled any more
   */
  async cancel(id: string, ifMatch: IfMatch): Promise<Order> {
    const order = await this.find(id);
    if (!matchesIfMatch(createEntityTag(order.version), ifMatch)) throw preconditionFailed();
    const state = findNextState(order.state, 'cancel');
    if (!state) throw orderNotCancellable(order.state);
    const isCancelled = await this.unitOfWork.transaction(async (manager) => {
      const change = { state, at: new Date(this.clock.now()) };
      if (!(await this.orders.cancel(manager, order, change))) return false;
      await this.deliveries.addCancelled(manager, toInvoiceContent(order));
      return true;
    });
    // Another request has changed the order since the read above, so the conditions are checked again.
    return isCancelled ? this.find(id) : this.cancel(id, ifMatch);
  }

  private createOrder(owner: string, { items, currency }: NewOrder): Order {
    const totalMinor = computeTotal(items);
    const placedAt = new Date(this.clock.now());
    return this.orders.create({
      id: createOrderId(),
      owner,
      items,
      currency,
      totalMinor,
      placedAt,
    });
  }

  /** The content of an order never changes, so its first representation can be computed again. */
  private async findAsPlaced(id: string): Promise<Order> {
    const { owner, items, currency, totalMinor, placedAt } = await this.find(id);
    return this.orders.create({ id, owner, items, currency, totalMinor, placedAt });
  }
}

const toInvoiceContent = ({ id, owner, totalMinor, currency }: Order): InvoiceContent => ({
  orderId: id,
  customer: owner,
  amountMinor: totalMinor,
  currency,
});
