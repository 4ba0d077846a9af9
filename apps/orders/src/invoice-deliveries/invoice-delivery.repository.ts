import { Outbox, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { InvoiceContent } from '../billing/billing.schema.js';
import { CancellationDelivery, InvoiceDelivery } from './invoice-delivery.entity.js';

/** A message to billing that this replica has claimed. */
export interface ClaimedDelivery extends InvoiceContent {
  readonly attempts: number;
}

const createOutbox = (
  table: 'invoice_delivery' | 'cancellation_delivery',
  unitOfWork: UnitOfWork,
  clock: Clock,
) =>
  new Outbox<ClaimedDelivery>(unitOfWork, clock, {
    table,
    key: 'order_id',
    columns: `order_id AS "orderId", customer, amount_minor AS "amountMinor", currency, attempts`,
    claimMs: 15_000,
    minPauseMs: 500,
    maxPauseMs: 60_000,
  });

/**
 * When the oldest order was placed or cancelled whose message waits. This is SQL because it unites two tables. It reads
 * the times of `customer_order`, because the messages have none.
 */
const FIND_OLDEST_PENDING = `
  SELECT MIN(since) AS since FROM (
    SELECT placed_at AS since FROM invoice_delivery JOIN customer_order ON id = order_id
    UNION ALL
    SELECT cancelled_at FROM cancellation_delivery JOIN customer_order ON id = order_id
  ) AS waiting`;

/** Messages to billing about placed and cancelled orders. Each is stored with its order and deleted after its delivery. */
@Injectable()
export class InvoiceDeliveryRepository {
  readonly placed: Outbox<ClaimedDelivery>;
  readonly cancelled: Outbox<ClaimedDelivery>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    this.placed = createOutbox('invoice_delivery', unitOfWork, clock);
    this.cancelled = createOutbox('cancellation_delivery', unitOfWork, clock);
  }

  /** @param manager of the transaction that places the order */
  async addPlaced(manager: EntityManager, content: InvoiceContent): Promise<void> {
    await manager.insert(InvoiceDelivery, this.toDueMessage(content));
  }

  /** @param manager of the transaction that cancels the order */
  async addCancelled(manager: EntityManager, content: InvoiceContent): Promise<void> {
    await manager.insert(CancellationDelivery, this.toDueMessage(content));
  }

  hasDue(): Promise<boolean> {
    return this.placed.hasDue(this.cancelled);
  }

  /** For monitoring: how many seconds the oldest message has waited; 0 when no message waits. */
  async lagSeconds(): Promise<number> {
    const [row] = await this.unitOfWork.query<{ since: string | number | null }>(
      FIND_OLDEST_PENDING,
    );
    const since = row?.since ?? null;
    return since === null ? 0 : (this.clock.now() - Number(since)) / 1000;
  }

  private toDueMessage(content: InvoiceContent) {
    return { ...content, attempts: 0, nextAttemptAt: new Date(this.clock.now()) };
  }
}
