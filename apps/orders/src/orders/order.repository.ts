import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import type { OrderState } from './order-state.js';
import { Order } from './order.entity.js';
import type { PagePosition, PageRequest } from './order.schema.js';

export interface OrderPage {
  readonly orders: readonly Order[];
  /** Absent on the last page. */
  readonly next?: PagePosition | undefined;
}

/** All statements on the table `customer_order`. Writes take the manager of the caller's transaction. */
@Injectable()
export class OrderRepository {
  /** Policy and handler both read the order, so this read is plain SQL and not `findOneBy` (measured in bench/services). */
  private readonly orderLookup: RowLookup<Order>;

  constructor(
    @InjectRepository(Order) private readonly repository: Repository<Order>,
    unitOfWork: UnitOfWork,
  ) {
    this.orderLookup = unitOfWork.lookup(Order);
  }

  create(values: Omit<Order, 'state' | 'version' | 'cancelledAt'>): Order {
    return this.repository.create({ ...values, state: 'placed', version: 1, cancelledAt: null });
  }

  findById(id: string): Promise<Order | undefined> {
    return this.orderLookup.find(id);
  }

  /**
   * Newest first. A page continues after the last order of the previous page, so new orders do not shift it.
   *
   * @param owner undefined for the orders of all owners
   */
  async findPage(owner: string | undefined, page: PageRequest): Promise<OrderPage> {
    const { limit, after, state, placedFrom, placedBefore } = page;
    const query = this.repository
      .createQueryBuilder('o')
      .orderBy({ 'o.placedAt': 'DESC', 'o.id': 'DESC' })
      .limit(limit + 1);
    if (owner !== undefined) query.andWhere('o.owner = :owner', { owner });
    if (after) query.andWhere('(o.placedAt, o.id) < (:placedAt, :id)', after);
    if (state) query.andWhere('o.state = :state', { state });
    if (placedFrom !== undefined) query.andWhere('o.placedAt >= :placedFrom', { placedFrom });
    if (placedBefore !== undefined) query.andWhere('o.placedAt < :placedBefore', { placedBefore });
    const found = await query.getMany();
    const orders = found.slice(0, limit);
    return { orders, next: found.length > limit ? toPagePosition(orders.at(-1)) : undefined };
  }

  async insert(manager: EntityManager, order: Order): Promise<void> {
    await manager.insert(Order, order);
  }

  /**
   * The version is the lock: one of several callers that have read the same version makes its change.
   *
   * @returns false when the order has changed since the caller read it
   */
  async cancel(
    manager: EntityManager,
    { id, version }: Order,
    { state, at: cancelledAt }: { readonly state: OrderState; readonly at: Date },
  ): Promise<boolean> {
    const changes = { state, version: version + 1, cancelledAt };
    const { affected } = await manager.update(Order, { id, version }, changes);
    return affected === 1;
  }
}

const toPagePosition = (order: Order | undefined): PagePosition | undefined =>
  order && { placedAt: order.placedAt.getTime(), id: order.id };
