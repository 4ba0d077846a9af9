import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Clock, createEntityTag, type IfMatch, matchesIfMatch } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { InvoiceContent } from '../billing/billing.schema.js';
import { InvoiceDeliveryRepository } from '../invoice-deliveries/invoice-delivery.repository.js';
import { IdempotencyKeyRepository } from './idempotency-key.repository.js';
import {
  computeTotal,
  type NewOrder,
  type PagePosition,
  type PageRequest,
} from './order.schema.js';
import { createOrderId } from './order-id.pipe.js';
import { orderNotCancellable, orderNotFound, preconditionFailed } from './order-problems.js';
import { findNextState } from './order-state.js';
import { Order } from './order.entity.js';

export interface OrderPage {
  readonly orders: readonly Order[];
  /** Absent on the last page. */
  readonly next?: PagePosition | undefined;
}

/** Orders and their life. Who may do what has been decided by the policies (order-access.policy.ts). */
@Injectable()
export class OrdersService {
  /** The policy and the handler read the same row: each by its key, at the price of the bare SQL. */
  private readonly orderLookup: RowLookup<Order>;

  constructor(
    @InjectRepository(Order) private readonly repository: Repository<Order>,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly idempotencyKeys: IdempotencyKeyRepository,
    private readonly deliveries: InvoiceDeliveryRepository,
  ) {
    this.orderLookup = unitOfWork.lookup(Order);
  }

  /**
   * In one transaction: the order, the invoice that is due for it, and the key of the request, if it has one. A request
   * that is repeated is answered by the order as it was placed.
   *
   * @throws {Problem} 422, 429 as the key has it
   */
  async place(owner: string, content: NewOrder, key?: string): Promise<Order> {
    const order = this.createOrder(owner, content);
    const id = await this.unitOfWork.transaction(async () => {
      const request = key !== undefined && { subject: owner, key, content };
      const claimed = request ? await this.idempotencyKeys.claim(request, order.id) : order.id;
      if (claimed === order.id) await this.insert(order);
      return claimed;
    });
    return id === order.id ? order : this.findAsPlaced(id);
  }

  /** Newest first. Orders that are placed meanwhile do not shift the pages that follow. */
  async list(owner: string, page: PageRequest): Promise<OrderPage> {
    const { limit, after, state, placedFrom, placedBefore } = page;
    const query = this.repository
      .createQueryBuilder('o')
      .where('o.owner = :owner', { owner })
      .orderBy({ 'o.placedAt': 'DESC', 'o.id': 'DESC' })
      .limit(limit + 1);
    if (after) query.andWhere('(o.placedAt, o.id) < (:placedAt, :id)', after);
    if (state) query.andWhere('o.state = :state', { state });
    if (placedFrom !== undefined) query.andWhere('o.placedAt >= :placedFrom', { placedFrom });
    if (placedBefore !== undefined) query.andWhere('o.placedAt < :placedBefore', { placedBefore });
    const found = await query.getMany();
    const orders = found.slice(0, limit);
    return { orders, next: found.length > limit ? toPagePosition(orders.at(-1)) : undefined };
  }

  /** @throws {Problem} 404 */
  async find(id: string): Promise<Order> {
    const order = await this.orderLookup.find(id);
    if (!order) throw orderNotFound();
    return order;
  }

  async isOwnedBy(owner: string, id: string): Promise<boolean> {
    return (await this.orderLookup.find(id))?.owner === owner;
  }

  /**
   * The version is the lock: of any number of callers who have seen it, one makes the change. That billing is to hear of it
   * is stored with it.
   *
   * @throws {Problem} 412 where the order has changed since, 409 where it cannot be cancelled any more
   */
  async cancel(id: string, ifMatch: IfMatch): Promise<Order> {
    const order = await this.find(id);
    if (!matchesIfMatch(createEntityTag(order.version), ifMatch)) throw preconditionFailed();
    const state = findNextState(order.state, 'cancel');
    if (!state) throw orderNotCancellable(order.state);
    const isCancelled = await this.unitOfWork.transaction(async () => {
      const { affected } = await this.unitOfWork.execute(
        `UPDATE customer_order SET state = $3, version = version + 1, cancelled_at = $4 WHERE id = $1 AND version = $2`,
        [id, order.version, state, this.clock.now()],
      );
      if (affected === 1) await this.deliveries.addCancelled(toInvoiceContent(order));
      return affected === 1;
    });
    // Somebody was faster: what they left is judged anew.
    return isCancelled ? this.find(id) : this.cancel(id, ifMatch);
  }

  private createOrder(owner: string, { items, currency }: NewOrder): Order {
    return this.repository.create({
      id: createOrderId(),
      owner,
      items,
      currency,
      totalMinor: computeTotal(items),
      state: 'placed',
      version: 1,
      placedAt: new Date(this.clock.now()),
      cancelledAt: null,
    });
  }

  private async insert(order: Order): Promise<void> {
    const { id, owner, items, currency, totalMinor, placedAt } = order;
    await this.unitOfWork.execute(
      `INSERT INTO customer_order (id, owner, items, currency, total_minor, placed_at)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [id, owner, JSON.stringify(items), currency, totalMinor, placedAt.getTime()],
    );
    await this.deliveries.addPlaced(toInvoiceContent(order));
  }

  /** What was ordered never changes, so the first answer can be given again. */
  private async findAsPlaced(id: string): Promise<Order> {
    const { owner, items, currency, totalMinor, placedAt } = await this.find(id);
    const placed = { state: 'placed', version: 1, cancelledAt: null } as const;
    return this.repository.create({ id, owner, items, currency, totalMinor, placedAt, ...placed });
  }
}

const toInvoiceContent = ({ id, owner, totalMinor, currency }: Order): InvoiceContent => ({
  orderId: id,
  customer: owner,
  amountMinor: totalMinor,
  currency,
});

const toPagePosition = (order: Order | undefined): PagePosition | undefined =>
  order && { placedAt: order.placedAt.getTime(), id: order.id };
