import { CountColumn, InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Movement } from '../invoices/invoice-state.js';
import type { Verdict } from './payment-provider.js';

/** One transfer of money. It is stored before the provider is called, and again with the provider's verdict. */
@Entity('payment')
@Index('payments_of_an_invoice', ['invoiceId', 'createdAt'])
@Index('payments_that_are_pending', ['nextAttemptAt'])
export class Payment {
  /** The reference by which the provider knows the transfer. */
  @PrimaryColumn('varchar', { length: 26 }) readonly id!: string;
  @Column('varchar', { name: 'invoice_id', length: 26 }) readonly invoiceId!: string;
  @Column('varchar', { length: 8 }) readonly movement!: Movement;
  @Column('varchar', { length: 64 }) readonly method!: string;
  /** In the currency's minor unit. */
  @CountColumn({ name: 'amount_minor' }) readonly amountMinor!: number;
  /** ISO 4217. */
  @Column('varchar', { length: 3 }) readonly currency!: string;
  /** `sub` of the customer who pays, or of the member of staff who refunds. */
  @Column('text', { name: 'asked_by' }) readonly askedBy!: string;
  @Column('varchar', { length: 16 }) readonly state!: 'pending' | Verdict;
  /** How often the provider was called. */
  @Column('integer') readonly attempts!: number;
  /** NULL once the provider has given its verdict. */
  @InstantColumn({ name: 'next_attempt_at', nullable: true }) readonly nextAttemptAt!: Date | null;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  @InstantColumn({ name: 'settled_at', nullable: true }) readonly settledAt!: Date | null;
}
