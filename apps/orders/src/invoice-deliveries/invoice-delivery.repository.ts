import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { InvoiceContent } from '../billing/billing.schema.js';

/** What billing has to be told, and how often that was tried. */
export interface InvoiceDelivery extends InvoiceContent {
  readonly attempts: number;
}

/** As long as an attempt may take: what a process that died had in hand is due again then. */
const CLAIM_MS = 15_000;
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 60_000;

/** What billing has to be told of orders, each stored with the change that it tells of, and gone when billing knows. */
export class DeliveryOutbox {
  constructor(
    private readonly table: 'invoice_delivery' | 'cancellation_delivery',
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Joins the transaction that makes or cancels the order. */
  async add({ orderId, customer, amountMinor, currency }: InvoiceContent): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO ${this.table} (order_id, customer, amount_minor, currency, attempts, next_attempt_at)
       VALUES ($1, $2, $3, $4, 0, $5)`,
      [orderId, customer, amountMinor, currency, this.clock.now()],
    );
  }

  async hasDue(): Promise<boolean> {
    const due = await this.unitOfWork.query(
      `SELECT 1 FROM ${this.table} WHERE next_attempt_at <= $1 LIMIT 1`,
      [this.clock.now()],
    );
    return due.length > 0;
  }

  /** Takes some that are due in hand. Of two processes that ask at once, each gets others. */
  async claimDue(most: number): Promise<readonly InvoiceDelivery[]> {
    const now = this.clock.now();
    const { rows } = await this.unitOfWork.execute<InvoiceDelivery>(
      `UPDATE ${this.table} SET attempts = attempts + 1, next_attempt_at = $2
       WHERE next_attempt_at <= $1 AND order_id IN (
         SELECT order_id FROM ${this.table} WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $3)
       RETURNING order_id AS "orderId", customer, amount_minor AS "amountMinor", currency, attempts`,
      [now, now + CLAIM_MS, most],
    );
    return rows;
  }

  async markDelivered({ orderId }: InvoiceDelivery): Promise<void> {
    await this.unitOfWork.execute(`DELETE FROM ${this.table} WHERE order_id = $1`, [orderId]);
  }

  /** After half a second, one, two … a minute, and up to half as much again, so that many do not come at once. */
  async retryLater({ orderId, attempts }: InvoiceDelivery): Promise<void> {
    const pause = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** (attempts - 1));
    await this.unitOfWork.execute(
      `UPDATE ${this.table} SET next_attempt_at = $2 WHERE order_id = $1`,
      [orderId, this.clock.now() + Math.round(pause * (1 + Math.random() / 2))],
    );
  }

  /** Billing will never take it as it is. It stays, for somebody to look at. */
  async giveUp({ orderId }: InvoiceDelivery, refusal: string): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE ${this.table} SET next_attempt_at = NULL, refusal = $2 WHERE order_id = $1`,
      [orderId, refusal],
    );
  }
}

/** Since when each order has waited whose invoice billing does not know, or does not know to be void. */
const FIND_OLDEST_PENDING = `
  SELECT MIN(since) AS since FROM (
    SELECT placed_at AS since FROM invoice_delivery JOIN customer_order ON id = order_id
    UNION ALL
    SELECT cancelled_at FROM cancellation_delivery JOIN customer_order ON id = order_id
  ) AS waiting`;

/** What billing does not know yet: orders that were placed, and orders that were cancelled. */
@Injectable()
export class InvoiceDeliveryRepository {
  readonly placed: DeliveryOutbox;
  readonly cancelled: DeliveryOutbox;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    this.placed = new DeliveryOutbox('invoice_delivery', unitOfWork, clock);
    this.cancelled = new DeliveryOutbox('cancellation_delivery', unitOfWork, clock);
  }

  async hasDue(): Promise<boolean> {
    return (await this.placed.hasDue()) || (await this.cancelled.hasDue());
  }

  /** How long the oldest of them has waited, in seconds; 0 where none waits. For monitoring. */
  async lagSeconds(): Promise<number> {
    const [row] = await this.unitOfWork.query<{ since: string | number | null }>(
      FIND_OLDEST_PENDING,
    );
    const since = row?.since ?? null;
    return since === null ? 0 : (this.clock.now() - Number(since)) / 1000;
  }
}
