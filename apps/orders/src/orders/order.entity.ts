import { InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { OrderItem } from './new-order.js';

/** An order is placed, and may be cancelled; nothing else about it ever changes. */
@Entity('customer_order')
@Index('orders_of_an_owner', ['owner', 'placedAt', 'id'])
export class Order {
  @PrimaryColumn('varchar', { length: 26 }) readonly id!: string;
  /** `sub` of the token that placed it. */
  @Column('text') readonly owner!: string;
  @Column('simple-json') readonly items!: readonly OrderItem[];
  /** ISO 4217. */
  @Column('varchar', { length: 3 }) readonly currency!: string;
  /** In the currency's minor unit. */
  @Column('bigint', { name: 'total_minor' }) readonly totalMinor!: number;
  @InstantColumn({ name: 'placed_at' }) readonly placedAt!: Date;
  @InstantColumn({ name: 'cancelled_at', nullable: true }) readonly cancelledAt!: Date | null;

  get state(): 'placed' | 'cancelled' {
    return this.cancelledAt === null ? 'placed' : 'cancelled';
  }
}
