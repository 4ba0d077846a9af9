import { CountColumn, InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A message to billing about one order. The outbox claims, retries and deletes it. */
abstract class Delivery {
  @PrimaryColumn('varchar', { name: 'order_id', length: 26 }) readonly orderId!: string;
  /** `sub` of the person who pays. */
  @Column('text') readonly customer!: string;
  /** In the currency's minor unit. */
  @CountColumn({ name: 'amount_minor' }) readonly amountMinor!: number;
  /** ISO 4217. */
  @Column('varchar', { length: 3 }) readonly currency!: string;
  @Column('integer') readonly attempts!: number;
  /** NULL when billing has rejected the message. */
  @InstantColumn({ name: 'next_attempt_at', nullable: true }) readonly nextAttemptAt!: Date | null;
  /** Why billing has rejected the message. */
  @Column('text', { nullable: true }) readonly refusal!: string | null;
}

/** Asks billing to issue the invoice of an order. */
@Entity('invoice_delivery')
@Index('invoice_deliveries_that_are_due', ['nextAttemptAt'])
export class InvoiceDelivery extends Delivery {}

/** Asks billing to void the invoice of a cancelled order. */
@Entity('cancellation_delivery')
@Index('cancellation_deliveries_that_are_due', ['nextAttemptAt'])
export class CancellationDelivery extends Delivery {}
