import { type Outbox, Scheduler } from '@gatehouse/persistence';
import { describeCause } from '@gatehouse/service-kit';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InvoiceRejectedError } from '../billing/billing-errors.js';
import { BillingClient } from '../billing/billing.client.js';
import type { InvoiceContent } from '../billing/billing.schema.js';
import { ORDERS_CONFIG, type OrdersConfig } from '../orders.config.js';
import { type ClaimedDelivery, InvoiceDeliveryRepository } from './invoice-delivery.repository.js';

const BATCH_SIZE = 10;

/** Messages of one kind, and the call to billing that delivers them. */
interface DeliveryRoute {
  readonly outbox: Outbox<ClaimedDelivery>;
  readonly send: (content: InvoiceContent, stopping: AbortSignal) => Promise<void>;
}

/**
 * Asks billing for an invoice of each order, and to void the invoice of each cancelled order. Billing can receive a message
 * twice, because a crash between its answer and our note of it repeats the message.
 */
@Injectable()
export class InvoiceDeliveryJob implements OnModuleInit {
  private readonly log = new Logger('InvoiceRelay');
  private readonly routes: readonly DeliveryRoute[];
  private isFailing = false;

  constructor(
    private readonly deliveries: InvoiceDeliveryRepository,
    private readonly billing: BillingClient,
    @Inject(ORDERS_CONFIG) private readonly config: OrdersConfig,
    private readonly scheduler: Scheduler,
  ) {
    this.routes = [
      { outbox: deliveries.placed, send: (...message) => this.issue(...message) },
      { outbox: deliveries.cancelled, send: (...message) => this.void(...message) },
    ];
  }

  onModuleInit(): void {
    if (this.config.CLIENT_SECRET === undefined) {
      this.log.warn('CLIENT_SECRET is not set: orders are kept, and their invoices wait for it');
      return;
    }
    this.scheduler.add({
      name: 'invoice-deliveries',
      everySeconds: 0.25,
      runsOn: 'lease holder',
      hasWork: () => this.deliveries.hasDue(),
      run: (stopping) => this.deliverDue(stopping),
    });
  }

  /** No transaction is open while billing answers. @returns whether there may be more messages */
  private async deliverDue(stopping: AbortSignal): Promise<boolean> {
    let mayBeMore = false;
    for (const route of this.routes) {
      const claimed = await route.outbox.claimDue(BATCH_SIZE);
      await Promise.all(claimed.map((delivery) => this.deliver(route, delivery, stopping)));
      mayBeMore ||= claimed.length === BATCH_SIZE;
    }
    return mayBeMore;
  }

  private async deliver(
    { outbox, send }: DeliveryRoute,
    delivery: ClaimedDelivery,
    stopping: AbortSignal,
  ): Promise<void> {
    const { orderId, customer, amountMinor, currency } = delivery;
    try {
      await send({ orderId, customer, amountMinor, currency }, stopping);
    } catch (error) {
      return this.handleFailure(outbox, delivery, error);
    }
    await outbox.delete(orderId);
    if (this.isFailing) this.log.log('invoices are delivered again');
    this.isFailing = false;
  }

  private async issue(content: InvoiceContent, stopping: AbortSignal): Promise<void> {
    await this.billing.issueInvoice(content, stopping);
  }

  /** Issues the invoice first, because its own message may not be delivered yet. Billing keeps one invoice per order. */
  private async void(content: InvoiceContent, stopping: AbortSignal): Promise<void> {
    const { id } = await this.billing.issueInvoice(content, stopping);
    if (await this.billing.voidInvoice(id, stopping)) return;
    this.log.warn(`${content.orderId} is cancelled, and ${id} was paid: staff may refund it`);
  }

  private async handleFailure(
    outbox: Outbox<ClaimedDelivery>,
    delivery: ClaimedDelivery,
    error: unknown,
  ): Promise<void> {
    if (error instanceof InvoiceRejectedError) {
      this.log.error(
        `${delivery.orderId} gets no invoice until an operator corrects it: ${error.message}`,
      );
      return outbox.close(delivery.orderId, { refusal: error.message });
    }
    // Logs the first failure only: an outage of billing concerns many orders.
    if (!this.isFailing)
      this.log.warn(`invoices wait, and are tried again: ${describeCause(error)}`);
    this.isFailing = true;
    await outbox.retryLater(delivery.orderId, delivery.attempts);
  }
}
