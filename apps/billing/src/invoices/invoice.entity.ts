import { CountColumn, InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { InvoiceState } from './invoice-state.js';
import type { NewInvoice } from './invoice.schema.js';

/** The state of an invoice changes. Its content never does. */
@Entity('invoice')
@Unique('one_invoice_per_order', ['orderId'])
@Index('invoices_of_a_customer', ['customer', 'issuedAt', 'id'])
@Index('invoices_by_time', ['issuedAt', 'currency', 'state', 'amountMinor'])
export class Invoice {
  @PrimaryColumn('varchar', { length: 26 }) readonly id!: string;
  /** `sub` of the person who pays. */
  @Column('varchar', { length: 255 }) readonly customer!: string;
  @Column('varchar', { name: 'order_id', length: 64 }) readonly orderId!: string;
  /** In the currency's minor unit. */
  @CountColumn({ name: 'amount_minor' }) readonly amountMinor!: number;
  /** ISO 4217. */
  @Column('varchar', { length: 3 }) readonly currency!: string;
  @Column('varchar', { length: 16, default: 'open' }) readonly state!: InvoiceState;
  @InstantColumn({ name: 'issued_at' }) readonly issuedAt!: Date;
  @InstantColumn({ name: 'paid_at', nullable: true }) readonly paidAt!: Date | null;
  @InstantColumn({ name: 'refunded_at', nullable: true }) readonly refundedAt!: Date | null;
  @InstantColumn({ name: 'voided_at', nullable: true }) readonly voidedAt!: Date | null;

  hasContent({ customer, orderId, amountMinor, currency }: NewInvoice): boolean {
    return (
      this.customer === customer &&
      this.orderId === orderId &&
      this.amountMinor === amountMinor &&
      this.currency === currency
    );
  }
}
