import { CountColumn, InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { OrderItem } from './order.schema.js';
import type { OrderState } from './order-state.js';

/** State and version of an order change. Its content never does. */
@Entity('customer_order')
@Index('orders_of_an_owner', ['owner', 'placedAt', 'id'])
@Index('orders_of_an_owner_in_a_state', ['owner', 'state', 'placedAt', 'id'])
@Index('orders_by_time', ['placedAt', 'id'])
@Index('orders_in_a_state_by_time', ['state', 'placedAt', 'id'])
export class Order {
  @PrimaryColumn('varchar', { length: 26 }) readonly id!: string;
  /** `sub` of the token that placed the order. */
  @Column('text') readonly owner!: string;
  @Column('simple-json') readonly items!: readonly OrderItem[];
  /** ISO 4217. */
  @Column('varchar', { length: 3 }) readonly currency!: string;
  /** In the currency's minor unit. */
  @CountColumn({ name: 'total_minor' }) readonly totalMinor!: number;
  @Column('varchar', { length: 16, default: 'placed' }) readonly state!: OrderState;
  /** 1 for a new order, and one more with every change. */
  @Column('integer', { default: 1 }) readonly version!: number;
  @InstantColumn({ name: 'placed_at' }) readonly placedAt!: Date;
  @InstantColumn({ name: 'cancelled_at', nullable: true }) readonly cancelledAt!: Date | null;
}
