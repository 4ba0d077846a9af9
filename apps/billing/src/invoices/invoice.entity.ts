import { InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { NewInvoice } from './new-invoice.js';

/** An invoice is open, and may be paid; nothing else about it ever changes. */
@Entity('invoice')
@Unique('one_invoice_per_order', ['orderId'])
@Index('invoices_of_a_customer', ['customer', 'issuedAt', 'id'])
export class Invoice {
  @PrimaryColumn('varchar', { length: 26 }) readonly id!: string;
  /** `sub` of the person who is to pay. */
  @Column('varchar', { length: 255 }) readonly customer!: string;
  @Column('varchar', { name: 'order_id', length: 64 }) readonly orderId!: string;
  /** In the currency's minor unit. */
  @Column('bigint', { name: 'amount_minor' }) readonly amountMinor!: number;
  /** ISO 4217. */
  @Column('varchar', { length: 3 }) readonly currency!: string;
  @InstantColumn({ name: 'issued_at' }) readonly issuedAt!: Date;
  @InstantColumn({ name: 'paid_at', nullable: true }) readonly paidAt!: Date | null;

  get state(): 'open' | 'paid' {
    return this.paidAt === null ? 'open' : 'paid';
  }

  says({ customer, orderId, amountMinor, currency }: NewInvoice): boolean {
    return (
      this.customer === customer &&
      this.orderId === orderId &&
      this.amountMinor === amountMinor &&
      this.currency === currency
    );
  }
}
