import { LeasedWork, Leases } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';
import { isPaidBack, type Movement } from '../invoices/invoice-state.js';
import type { Invoice } from '../invoices/invoice.entity.js';
import { Invoices } from '../invoices/invoices.js';
import { type Method, PaymentBook } from './payment-book.js';
import {
  alreadyPaidBack,
  isNotPaid,
  isVoid,
  noPayments,
  paymentDeclined,
  refundDeclined,
  tooManyDeclined,
} from './payment-problems.js';
import { PaymentProvider, type Transfer, type Verdict } from './payment-provider.js';
import type { PendingPayment } from './payment.js';

/** How long the provider is waited for. */
const PATIENCE_MS = 5_000;
const AT_ONCE = 10;

/**
 * Moves money, each time once. What is to be done is stored before the provider is asked, under a reference by which it
 * can be asked again: whatever dies or gets lost in between, the verdict comes to be known.
 */
@Injectable()
export class Payments implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('Payments');
  private readonly reconciliation: LeasedWork;

  constructor(
    private readonly book: PaymentBook,
    private readonly invoices: Invoices,
    leases: Leases,
    clock: Clock,
    @Optional() private readonly provider?: PaymentProvider,
  ) {
    this.reconciliation = new LeasedWork(leases, {
      name: 'payments',
      everyMs: 1_000,
      now: () => clock.now(),
      isDue: () => book.areDue(),
      step: (stopping) => this.askAgain(stopping),
    });
  }

  onApplicationBootstrap(): void {
    if (!this.provider) return;
    this.provider.onVerdict(async (reference, verdict) => {
      await this.settle(reference, verdict);
    });
    this.reconciliation.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.reconciliation.stop();
  }

  /**
   * Whoever asks again is shown what has become of it.
   *
   * @returns the invoice: paid, or still being paid
   * @throws {Problem} 404; 402 where it was declined, and another method may be tried; 409 where it was paid back, is void,
   *   or was declined too often
   */
  async pay(customer: string, id: string, method: string): Promise<Invoice> {
    const invoice = await this.invoices.find(customer, id);
    if (invoice.state === 'open' && (await this.book.isFull(invoice))) throw tooManyDeclined();
    await this.move('charge', invoice, { name: method, askedBy: customer });
    const paid = await this.invoices.find(customer, id);
    if (paid.state === 'open') throw paymentDeclined();
    if (paid.state === 'void') throw isVoid();
    if (isPaidBack(paid.state)) throw alreadyPaidBack(paid.state);
    return paid;
  }

  /**
   * All of it, by the way that it came.
   *
   * @returns the invoice: refunded, or still being refunded
   * @throws {Problem} 404; 409 where nothing was paid, or the provider declines
   */
  async refund(askedBy: string, id: string): Promise<Invoice> {
    const invoice = await this.invoices.get(id);
    const charge = await this.book.chargeOf(invoice);
    if (charge === undefined) throw isNotPaid(invoice.state);
    await this.move('refund', invoice, { name: charge, askedBy });
    const refunded = await this.invoices.get(id);
    if (refunded.state === 'paid') throw refundDeclined();
    return refunded;
  }

  /** Where the invoice is in another state there is nothing to do. */
  private async move(movement: Movement, invoice: Invoice, method: Method): Promise<void> {
    if (!this.provider) throw noPayments();
    const pending = await this.book.begin(movement, invoice, method);
    if (pending) await this.ask(this.provider, pending, AbortSignal.timeout(PATIENCE_MS));
  }

  /** No transaction is open while the provider is asked. */
  private async askAgain(stopping: AbortSignal): Promise<boolean> {
    const { provider } = this;
    if (!provider) return false;
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(PATIENCE_MS)]);
    const inHand = await this.book.take(AT_ONCE);
    await Promise.all(inHand.map((pending) => this.ask(provider, pending, signal)));
    return inHand.length === AT_ONCE;
  }

  private async ask(
    provider: PaymentProvider,
    pending: PendingPayment,
    signal: AbortSignal,
  ): Promise<void> {
    const { reference, movement, method, amountMinor, currency, invoiceId } = pending;
    const transfer: Transfer = { reference, movement, method, amountMinor, currency };
    try {
      await this.settle(reference, await within(signal, provider.move(transfer, signal)));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.log.warn(
        `the ${movement} of ${invoiceId} is not decided, and asked about again: ${text}`,
      );
      await this.book.postpone(pending);
    }
  }

  private async settle(reference: string, verdict: Verdict): Promise<void> {
    const settled = await this.book.settle(reference, verdict);
    if (settled === verdict) return;
    this.log.error(
      `the provider tells that ${reference} has ${verdict}: here it is ${settled ?? 'unknown'}`,
    );
  }
}

/** A provider that does not heed the signal is not waited for either. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error('no answer in time'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject);
  });
}
