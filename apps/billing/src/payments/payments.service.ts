import { Scheduler } from '@gatehouse/persistence';
import { Injectable, Logger, type OnModuleInit, Optional } from '@nestjs/common';
import { isRefundStarted, type Movement } from '../invoices/invoice-state.js';
import type { Invoice } from '../invoices/invoice.entity.js';
import { InvoicesService } from '../invoices/invoices.service.js';
import {
  type PaymentMethod,
  PaymentRepository,
  type PendingPayment,
} from './payment.repository.js';
import {
  invoiceNotPaid,
  invoiceRefunded,
  invoiceVoid,
  paymentDeclined,
  paymentsUnavailable,
  refundDeclined,
  tooManyDeclinedPayments,
} from './payment-problems.js';
import { PaymentProvider, type Transfer, type Verdict } from './payment-provider.js';

/** Limit of one call of the provider. */
const PROVIDER_TIMEOUT_MS = 5_000;
const BATCH_SIZE = 10;

/**
 * Moves money exactly once per payment. A payment is stored with its reference before the provider is called. When a process
 * dies or an answer is lost, the provider is called again with the same reference until the verdict is known.
 */
@Injectable()
export class PaymentsService implements OnModuleInit {
  private readonly log = new Logger('Payments');

  constructor(
    private readonly repository: PaymentRepository,
    private readonly invoices: InvoicesService,
    private readonly scheduler: Scheduler,
    @Optional() private readonly provider?: PaymentProvider,
  ) {}

  onModuleInit(): void {
    if (!this.provider) return;
    this.provider.onVerdict(async (reference, verdict) => {
      await this.recordVerdict(reference, verdict);
    });
    this.scheduler.add({
      name: 'payments',
      everySeconds: 1,
      runsOn: 'lease holder',
      hasWork: () => this.repository.outbox.hasDue(),
      run: (stopping) => this.reconcile(stopping),
    });
  }

  /**
   * Pays an invoice. A repeated request returns the present state of the invoice.
   *
   * @returns the invoice: paid, or with the payment in progress
   * @throws {Problem} 404; 402 when the payment was declined and another method may succeed; 409 when the invoice is refunded
   *   or void, or too many payments were declined
   */
  async pay(customer: string, id: string, method: string): Promise<Invoice> {
    const invoice = await this.invoices.findForCustomer(customer, id);
    if (invoice.state === 'open' && (await this.repository.hasTooManyDeclined(invoice)))
      throw tooManyDeclinedPayments();
    await this.startTransfer('charge', invoice, { name: method, askedBy: customer });
    const paid = await this.invoices.findForCustomer(customer, id);
    if (paid.state === 'open') throw paymentDeclined();
    if (paid.state === 'void') throw invoiceVoid();
    if (isRefundStarted(paid.state)) throw invoiceRefunded(paid.state);
    return paid;
  }

  /**
   * Refunds the whole amount to the means of payment of the charge.
   *
   * @returns the invoice: refunded, or with the refund in progress
   * @throws {Problem} 404; 409 when the invoice was not paid, or the provider declines
   */
  async refund(askedBy: string, id: string): Promise<Invoice> {
    const invoice = await this.invoices.findById(id);
    const charge = await this.repository.findCharge(invoice);
    if (charge === undefined) throw invoiceNotPaid(invoice.state);
    await this.startTransfer('refund', invoice, { name: charge, askedBy });
    const refunded = await this.invoices.findById(id);
    if (refunded.state === 'paid') throw refundDeclined();
    return refunded;
  }

  /** Does nothing when the invoice is not in the state from which the movement starts. */
  private async startTransfer(
    movement: Movement,
    invoice: Invoice,
    method: PaymentMethod,
  ): Promise<void> {
    if (!this.provider) throw paymentsUnavailable();
    const pending = await this.repository.create(movement, invoice, method);
    if (pending)
      await this.requestTransfer(this.provider, pending, AbortSignal.timeout(PROVIDER_TIMEOUT_MS));
  }

  /** No transaction is open during the calls of the provider. @returns whether there may be more pending payments */
  private async reconcile(stopping: AbortSignal): Promise<boolean> {
    const { provider } = this;
    if (!provider) return false;
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(PROVIDER_TIMEOUT_MS)]);
    const claimed = await this.repository.outbox.claimDue(BATCH_SIZE);
    await Promise.all(claimed.map((pending) => this.requestTransfer(provider, pending, signal)));
    return claimed.length === BATCH_SIZE;
  }

  private async requestTransfer(
    provider: PaymentProvider,
    pending: PendingPayment,
    signal: AbortSignal,
  ): Promise<void> {
    const { reference, movement, method, amountMinor, currency, invoiceId } = pending;
    const transfer: Transfer = { reference, movement, method, amountMinor, currency };
    try {
      await this.recordVerdict(
        reference,
        await rejectOnAbort(signal, provider.move(transfer, signal)),
      );
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.log.warn(
        `the ${movement} of ${invoiceId} has no verdict yet and will be tried again: ${text}`,
      );
      await this.repository.outbox.retryLater(reference, pending.attempts);
    }
  }

  private async recordVerdict(reference: string, verdict: Verdict): Promise<void> {
    const settled = await this.repository.recordVerdict(reference, verdict);
    if (settled === verdict) return;
    this.log.error(
      `the provider reports ${verdict} for ${reference}, which is ${settled ?? 'unknown'} here`,
    );
  }
}

/** Ends the wait also when the provider ignores the signal. */
function rejectOnAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error('no answer in time'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject);
  });
}
