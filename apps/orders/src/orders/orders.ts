import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { type NewOrder, totalOf } from './new-order.js';
import { newOrderId } from './order-id.js';
import type { PageRequest, Position } from './order-page.js';
import { alreadyCancelled, noSuchOrder } from './order-problems.js';
import { Order } from './order.entity.js';

export interface OrderPage {
  readonly orders: readonly Order[];
  /** Absent on the last page. */
  readonly next?: Position | undefined;
}

/** Orders and who owns them: every statement names the owner, so none can reach the order of somebody else. */
@Injectable()
export class Orders {
  constructor(
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  async place(owner: string, { items, currency }: NewOrder): Promise<Order> {
    const order = this.orders.create({
      id: newOrderId(),
      owner,
      items,
      currency,
      totalMinor: totalOf(items),
      placedAt: new Date(this.clock.now()),
      cancelledAt: null,
    });
    await this.unitOfWork.execute(
      `INSERT INTO customer_order (id, owner, items, currency, total_minor, placed_at)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [
        order.id,
        owner,
        JSON.stringify(items),
        currency,
        order.totalMinor,
        order.placedAt.getTime(),
      ],
    );
    return order;
  }

  /** Newest first. Orders that are placed meanwhile do not shift the pages that follow. */
  async list(owner: string, { limit, after }: PageRequest): Promise<OrderPage> {
    const query = this.orders
      .createQueryBuilder('o')
      .where('o.owner = :owner', { owner })
      .orderBy({ 'o.placedAt': 'DESC', 'o.id': 'DESC' })
      .limit(limit + 1);
    if (after) query.andWhere('(o.placedAt, o.id) < (:placedAt, :id)', after);
    const found = await query.getMany();
    const orders = found.slice(0, limit);
    return { orders, next: found.length > limit ? positionOf(orders.at(-1)) : undefined };
  }

  /** @throws {Problem} 404 */
  async find(owner: string, id: string): Promise<Order> {
    const order = await this.orders.findOneBy({ id, owner });
    if (!order) throw noSuchOrder();
    return order;
  }

  /**
   * placed → cancelled. The condition is the lock: of any number of callers one cancels.
   * @throws {Problem} 404, or 409 where it is cancelled already
   */
  async cancel(owner: string, id: string): Promise<Order> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE customer_order SET cancelled_at = $3 WHERE id = $1 AND owner = $2 AND cancelled_at IS NULL`,
      [id, owner, this.clock.now()],
    );
    const order = await this.find(owner, id);
    if (affected === 0) throw alreadyCancelled();
    return order;
  }
}

const positionOf = (order: Order | undefined): Position | undefined =>
  order && { placedAt: order.placedAt.getTime(), id: order.id };
