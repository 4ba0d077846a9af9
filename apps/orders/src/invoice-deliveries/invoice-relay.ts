import { LeasedWork, Leases } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InvoiceRefused } from '../billing/billing-failures.js';
import { Billing } from '../billing/billing.js';
import { ORDERS_CONFIG, type OrdersConfig } from '../orders.config.js';
import { InvoiceDeliveries, type InvoiceDelivery } from './invoice-deliveries.js';

const AT_ONCE = 10;

/**
 * Tells billing of every order until it has an invoice. One replica does it at a time, and if it dies another goes on.
 * Billing may be told twice of one order: a crash between its answer and our note of it does that.
 */
@Injectable()
export class InvoiceRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('InvoiceRelay');
  private readonly work: LeasedWork;
  private isFailing = false;

  constructor(
    private readonly deliveries: InvoiceDeliveries,
    private readonly billing: Billing,
    @Inject(ORDERS_CONFIG) private readonly config: OrdersConfig,
    leases: Leases,
    clock: Clock,
  ) {
    this.work = new LeasedWork(leases, {
      name: 'invoice-deliveries',
      everyMs: 250,
      now: () => clock.now(),
      isDue: () => deliveries.areDue(),
      step: (stopping) => this.deliverSome(stopping),
    });
  }

  onApplicationBootstrap(): void {
    if (this.config.CLIENT_SECRET !== undefined) this.work.start();
    else this.log.warn('CLIENT_SECRET is not set: orders are kept, and their invoices wait for it');
  }

  /** What has begun is finished while the database is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.work.stop();
  }

  /** No transaction is open while billing is asked. */
  private async deliverSome(stopping: AbortSignal): Promise<boolean> {
    const inHand = await this.deliveries.take(AT_ONCE);
    await Promise.all(inHand.map((delivery) => this.deliver(delivery, stopping)));
    return inHand.length === AT_ONCE;
  }

  private async deliver(delivery: InvoiceDelivery, stopping: AbortSignal): Promise<void> {
    const { orderId, customer, amountMinor, currency } = delivery;
    try {
      await this.billing.issueInvoice({ orderId, customer, amountMinor, currency }, stopping);
    } catch (error) {
      return this.keep(delivery, error);
    }
    await this.deliveries.delivered(delivery);
    if (this.isFailing) this.log.log('invoices are delivered again');
    this.isFailing = false;
  }

  private async keep(delivery: InvoiceDelivery, error: unknown): Promise<void> {
    if (error instanceof InvoiceRefused) {
      this.log.error(
        `${delivery.orderId} gets no invoice until somebody looks at it: ${error.message}`,
      );
      return this.deliveries.park(delivery, error.message);
    }
    // Told when it begins and when it is over: billing may be away for an hour, and there are many orders.
    if (!this.isFailing) this.log.warn(`invoices wait, and are tried again: ${reasonOf(error)}`);
    this.isFailing = true;
    await this.deliveries.postpone(delivery);
  }
}

/** A failure says little of itself, as callers may see it; its cause tells more. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
