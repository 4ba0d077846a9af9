import { Outbox, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { InvoiceContent } from '../billing/billing.schema.js';

/** A message to billing that waits for its delivery. */
export interface InvoiceDelivery extends InvoiceContent {
  readonly attempts: number;
}

type DeliveryTable = 'invoice_delivery' | 'cancellation_delivery';

const createOutbox = (table: DeliveryTable, unitOfWork: UnitOfWork, clock: Clock) =>
  new Outbox<InvoiceDelivery>(unitOfWork, clock, {
    table,
    key: 'order_id',
    columns: `order_id AS "orderId", customer, amount_minor AS "amountMinor", currency, attempts`,
    claimMs: 15_000,
    minPauseMs: 500,
    maxPauseMs: 60_000,
  });

/** When the oldest order was placed or cancelled whose message waits. Reads the times of `customer_order`, which has them. */
const FIND_OLDEST_PENDING = `
  SELECT MIN(since) AS since FROM (
    SELECT placed_at AS since FROM invoice_delivery JOIN customer_order ON id = order_id
    UNION ALL
    SELECT cancelled_at FROM cancellation_delivery JOIN customer_order ON id = order_id
  ) AS waiting`;

/** Messages to billing about placed and cancelled orders. Each is stored with its order and deleted after its delivery. */
@Injectable()
export class InvoiceDeliveryRepository {
  readonly placed: Outbox<InvoiceDelivery>;
  readonly cancelled: Outbox<InvoiceDelivery>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    this.placed = createOutbox('invoice_delivery', unitOfWork, clock);
    this.cancelled = createOutbox('cancellation_delivery', unitOfWork, clock);
  }

  /** Joins the transaction that places the order. */
  addPlaced(content: InvoiceContent): Promise<void> {
    return this.add('invoice_delivery', content);
  }

  /** Joins the transaction that cancels the order. */
  addCancelled(content: InvoiceContent): Promise<void> {
    return this.add('cancellation_delivery', content);
  }

  async hasDue(): Promise<boolean> {
    return (await this.placed.hasDue()) || (await this.cancelled.hasDue());
  }

  /** For monitoring: how many seconds the oldest message has waited; 0 when no message waits. */
  async lagSeconds(): Promise<number> {
    const [row] = await this.unitOfWork.query<{ since: string | number | null }>(
      FIND_OLDEST_PENDING,
    );
    const since = row?.since ?? null;
    return since === null ? 0 : (this.clock.now() - Number(since)) / 1000;
  }

  private async add(
    table: DeliveryTable,
    { orderId, customer, amountMinor, currency }: InvoiceContent,
  ): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO ${table} (order_id, customer, amount_minor, currency, attempts, next_attempt_at)
       VALUES ($1, $2, $3, $4, 0, $5)`,
      [orderId, customer, amountMinor, currency, this.clock.now()],
    );
  }
}
