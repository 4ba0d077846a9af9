import { LeasedWork, Leases } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InvoiceRejectedError } from '../billing/billing-errors.js';
import { BillingClient } from '../billing/billing.client.js';
import type { InvoiceContent } from '../billing/billing.schema.js';
import { ORDERS_CONFIG, type OrdersConfig } from '../orders.config.js';
import {
  type DeliveryOutbox,
  type InvoiceDelivery,
  InvoiceDeliveryRepository,
} from './invoice-delivery.repository.js';

const BATCH_SIZE = 10;

/** What is waiting, and how billing is told of one of it. */
interface DeliveryRoute {
  readonly outbox: DeliveryOutbox;
  readonly send: (content: InvoiceContent, stopping: AbortSignal) => Promise<void>;
}

/**
 * Tells billing of every order until it has an invoice, and of every order that is cancelled until its invoice is void. One
 * replica does it at a time, and if it dies another goes on. Billing may be told twice of one order: a crash between its
 * answer and our note of it does that.
 */
@Injectable()
export class InvoiceDeliveryJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('InvoiceRelay');
  private readonly leasedJob: LeasedWork;
  private readonly routes: readonly DeliveryRoute[];
  private isFailing = false;

  constructor(
    deliveries: InvoiceDeliveryRepository,
    private readonly billing: BillingClient,
    @Inject(ORDERS_CONFIG) private readonly config: OrdersConfig,
    leases: Leases,
    clock: Clock,
  ) {
    this.routes = [
      { outbox: deliveries.placed, send: (...told) => this.issue(...told) },
      { outbox: deliveries.cancelled, send: (...told) => this.void(...told) },
    ];
    this.leasedJob = new LeasedWork(leases, {
      name: 'invoice-deliveries',
      everyMs: 250,
      now: () => clock.now(),
      hasWork: () => deliveries.hasDue(),
      runStep: (stopping) => this.deliverDue(stopping),
    });
  }

  onApplicationBootstrap(): void {
    if (this.config.CLIENT_SECRET !== undefined) this.leasedJob.start();
    else this.log.warn('CLIENT_SECRET is not set: orders are kept, and their invoices wait for it');
  }

  /** What has begun is finished while the database is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.leasedJob.stop();
  }

  /** No transaction is open while billing is asked. */
  private async deliverDue(stopping: AbortSignal): Promise<boolean> {
    let mayBeMore = false;
    for (const route of this.routes) {
      const inHand = await route.outbox.claimDue(BATCH_SIZE);
      await Promise.all(inHand.map((delivery) => this.deliver(route, delivery, stopping)));
      mayBeMore ||= inHand.length === BATCH_SIZE;
    }
    return mayBeMore;
  }

  private async deliver(
    { outbox, send: tell }: DeliveryRoute,
    delivery: InvoiceDelivery,
    stopping: AbortSignal,
  ): Promise<void> {
    const { orderId, customer, amountMinor, currency } = delivery;
    try {
      await tell({ orderId, customer, amountMinor, currency }, stopping);
    } catch (error) {
      return this.handleFailure(outbox, delivery, error);
    }
    await outbox.markDelivered(delivery);
    if (this.isFailing) this.log.log('invoices are delivered again');
    this.isFailing = false;
  }

  private async issue(content: InvoiceContent, stopping: AbortSignal): Promise<void> {
    await this.billing.issueInvoice(content, stopping);
  }

  /** Issuing comes first: whatever became of the order's own delivery, there is an invoice to be made void, and it is the only one. */
  private async void(content: InvoiceContent, stopping: AbortSignal): Promise<void> {
    const { id } = await this.billing.issueInvoice(content, stopping);
    if (await this.billing.voidInvoice(id, stopping)) return;
    this.log.warn(`${content.orderId} is cancelled, and ${id} was paid: staff may refund it`);
  }

  private async handleFailure(
    outbox: DeliveryOutbox,
    delivery: InvoiceDelivery,
    error: unknown,
  ): Promise<void> {
    if (error instanceof InvoiceRejectedError) {
      this.log.error(
        `${delivery.orderId} gets no invoice until somebody looks at it: ${error.message}`,
      );
      return outbox.giveUp(delivery, error.message);
    }
    // Told when it begins and when it is over: billing may be away for an hour, and there are many orders.
    if (!this.isFailing)
      this.log.warn(`invoices wait, and are tried again: ${describeCause(error)}`);
    this.isFailing = true;
    await outbox.retryLater(delivery);
  }
}

/** A failure says little of itself, as callers may see it; its cause tells more. */
function describeCause(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
