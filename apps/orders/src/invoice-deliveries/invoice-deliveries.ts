import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { Outbox } from './outbox.js';

/** Since when each order has waited whose invoice billing does not know, or does not know to be void. */
const OLDEST = `
  SELECT MIN(since) AS since FROM (
    SELECT placed_at AS since FROM invoice_delivery JOIN customer_order ON id = order_id
    UNION ALL
    SELECT cancelled_at FROM cancellation_delivery JOIN customer_order ON id = order_id
  ) AS waiting`;

/** What billing does not know yet: orders that were placed, and orders that were cancelled. */
@Injectable()
export class InvoiceDeliveries {
  readonly placed: Outbox;
  readonly cancelled: Outbox;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    this.placed = new Outbox('invoice_delivery', unitOfWork, clock);
    this.cancelled = new Outbox('cancellation_delivery', unitOfWork, clock);
  }

  async areDue(): Promise<boolean> {
    return (await this.placed.areDue()) || (await this.cancelled.areDue());
  }

  /** How long the oldest of them has waited, in seconds; 0 where none waits. For monitoring. */
  async lagSeconds(): Promise<number> {
    const [row] = await this.unitOfWork.query<{ since: string | number | null }>(OLDEST);
    const since = row?.since ?? null;
    return since === null ? 0 : (this.clock.now() - Number(since)) / 1000;
  }
}
