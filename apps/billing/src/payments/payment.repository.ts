import { randomBytes } from 'node:crypto';
import { Outbox, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { type Movement, MOVEMENTS } from '../invoices/invoice-state.js';
import type { Invoice } from '../invoices/invoice.entity.js';
import { InvoiceRepository } from '../invoices/invoice.repository.js';
import { Payment } from './payment.entity.js';
import type { Transfer, Verdict } from './payment-provider.js';

/** A transfer that was requested and has no verdict yet. */
export interface PendingPayment extends Transfer {
  readonly invoiceId: string;
  /** How often the provider was called, the call in progress included. */
  readonly attempts: number;
}

export interface PaymentMethod {
  /** See {@link Transfer.method}. */
  readonly name: string;
  /** `sub` of the customer who pays, or of the member of staff who refunds. */
  readonly askedBy: string;
}

/** `pay_` and 128 random bits, so a reference is never used twice. */
const createReference = (): string => `pay_${randomBytes(16).toString('base64url')}`;

/** Longer than a call of the provider lasts. After this time another process continues the payments of one that died. */
const CLAIM_MS = 15_000;
/** Declined payments of one invoice, because each attempt is kept. */
const MAX_DECLINED = 20;

/** All statements on the table `payment`. A change of a payment and of its invoice are one transaction. */
@Injectable()
export class PaymentRepository {
  /** Pending payments. The provider is called until it gives a verdict. */
  readonly outbox: Outbox<PendingPayment>;

  constructor(
    @InjectRepository(Payment) private readonly repository: Repository<Payment>,
    private readonly invoices: InvoiceRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    this.outbox = new Outbox(unitOfWork, clock, {
      table: 'payment',
      key: 'id',
      columns: `id AS reference, invoice_id AS "invoiceId", movement, method,
        amount_minor AS "amountMinor", currency, attempts`,
      claimMs: CLAIM_MS,
      minPauseMs: 1_000,
      maxPauseMs: 300_000,
    });
  }

  /**
   * The state of the invoice is the lock: one of several simultaneous callers creates a payment.
   *
   * @returns undefined when the invoice is not in the state from which the movement starts
   */
  create(
    movement: Movement,
    { id: invoiceId, amountMinor, currency }: Invoice,
    { name: method, askedBy }: PaymentMethod,
  ): Promise<PendingPayment | undefined> {
    const { from, meanwhile } = MOVEMENTS[movement];
    const transfer = { invoiceId, movement, method, amountMinor, currency, attempts: 1 };
    return this.unitOfWork.transaction(async (manager) => {
      const isLocked = await this.invoices.changeState(manager, {
        id: invoiceId,
        from,
        to: meanwhile,
      });
      if (!isLocked) return undefined;
      const id = createReference();
      await manager.insert(Payment, { ...transfer, ...this.startNow(), id, askedBy });
      return { ...transfer, reference: id };
    });
  }

  /**
   * Records the first verdict about a payment. Later verdicts change nothing.
   *
   * @returns the recorded verdict; undefined when the reference is unknown
   */
  async recordVerdict(reference: string, verdict: Verdict): Promise<Verdict | undefined> {
    const isFirst = await this.unitOfWork.transaction(async (manager) => {
      const settledAt = new Date(this.clock.now());
      const { affected } = await manager.update(
        Payment,
        { id: reference, state: 'pending' },
        { state: verdict, settledAt, nextAttemptAt: null },
      );
      if (affected !== 1) return false;
      await this.updateInvoice(
        manager,
        await manager.findOneByOrFail(Payment, { id: reference }),
        settledAt,
      );
      return true;
    });
    if (isFirst) return verdict;
    const payment = await this.repository.findOneBy({ id: reference });
    return payment && payment.state !== 'pending' ? payment.state : undefined;
  }

  async hasTooManyDeclined({ id: invoiceId }: Invoice): Promise<boolean> {
    const declined = await this.repository.countBy({ invoiceId, state: 'declined' });
    return declined >= MAX_DECLINED;
  }

  /** @returns the reference of the charge that paid the invoice, for its refund */
  async findCharge({ id: invoiceId }: Invoice): Promise<string | undefined> {
    const charge = await this.repository.findOneBy({
      invoiceId,
      movement: 'charge',
      state: 'succeeded',
    });
    return charge?.id;
  }

  private startNow(): Pick<Payment, 'state' | 'createdAt' | 'nextAttemptAt' | 'settledAt'> {
    const now = this.clock.now();
    return {
      state: 'pending',
      createdAt: new Date(now),
      nextAttemptAt: new Date(now + CLAIM_MS),
      settledAt: null,
    };
  }

  private async updateInvoice(
    manager: EntityManager,
    { invoiceId: id, movement, state: verdict }: Payment,
    settledAt: Date,
  ): Promise<void> {
    const { from, meanwhile, after, at } = MOVEMENTS[movement];
    await this.invoices.changeState(
      manager,
      verdict === 'succeeded'
        ? { id, from: meanwhile, to: after, instants: { [at]: settledAt } }
        : { id, from: meanwhile, to: from },
    );
  }
}
