import { randomBytes } from 'node:crypto';
import type { Transfer } from './payment-provider.js';

/** A transfer that has been asked for, and whose verdict is not known. */
export interface PendingPayment extends Transfer {
  readonly invoiceId: string;
  /** How often the provider was asked, or is about to be. */
  readonly attempts: number;
}

/** `pay_` and 128 random bits: no reference is ever used twice. */
export const newReference = (): string => `pay_${randomBytes(16).toString('base64url')}`;

/** Columns of the table as members of a {@link PendingPayment}. */
export const PENDING_COLUMNS = `id AS reference, invoice_id AS "invoiceId", movement, method,
  amount_minor AS "amountMinor", currency, attempts`;
