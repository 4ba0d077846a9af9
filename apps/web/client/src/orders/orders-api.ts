import type { OrderItem } from '../catalogue.js';

/** What orders and billing answer. Amounts are in the currency's minor unit, instants are RFC 3339. */

export interface Order {
  readonly id: string;
  readonly state: 'placed' | 'cancelled';
  readonly items: readonly OrderItem[];
  readonly currency: string;
  readonly totalMinor: number;
  readonly placedAt: string;
  readonly cancelledAt: string | null;
}

export interface OrderPage {
  readonly orders: readonly Order[];
  readonly next?: string;
}

export interface Invoice {
  readonly id: string;
  readonly state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
  readonly customer: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly issuedAt: string;
  readonly paidAt: string | null;
  readonly refundedAt: string | null;
}

export interface InvoicePage {
  readonly invoices: readonly Invoice[];
}
