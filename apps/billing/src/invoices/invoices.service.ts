import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { createInvoiceId } from './invoice-id.pipe.js';
import type { NewInvoice, PagePosition, PageRequest } from './invoice.schema.js';
import { invoiceConflict, invoiceNotFound, invoiceNotVoidable } from './invoice-problems.js';
import { hasBeenPaid, VOID_TRANSITION } from './invoice-state.js';
import { Invoice } from './invoice.entity.js';

export interface InvoicePage {
  readonly invoices: readonly Invoice[];
  /** Absent on the last page. */
  readonly next?: PagePosition | undefined;
}

/** Invoices: services issue them, and the customer whom one names sees it. Every statement of a customer names them. */
@Injectable()
export class InvoicesService {
  constructor(
    @InjectRepository(Invoice) private readonly repository: Repository<Invoice>,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Issues the invoice of an order, once: a service that missed the answer asks again and is given the same one.
   * @throws {Problem} 409 where the order has an invoice that says otherwise
   */
  async issue(content: NewInvoice): Promise<{ invoice: Invoice; isNew: boolean }> {
    const { customer, orderId, amountMinor, currency } = content;
    const issuedAt = new Date(this.clock.now());
    const invoice = this.repository.create({
      ...content,
      id: createInvoiceId(),
      state: 'open',
      issuedAt,
      paidAt: null,
      refundedAt: null,
      voidedAt: null,
    });
    const { affected } = await this.unitOfWork.execute(
      `INSERT INTO invoice (id, customer, order_id, amount_minor, currency, issued_at)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (order_id) DO NOTHING`,
      [invoice.id, customer, orderId, amountMinor, currency, issuedAt.getTime()],
    );
    if (affected === 1) return { invoice, isNew: true };
    const issued = await this.repository.findOneByOrFail({ orderId });
    if (!issued.hasContent(content)) throw invoiceConflict();
    return { invoice: issued, isNew: false };
  }

  /**
   * For services, where what it is for is not wanted any more. The state is the lock: of this and a payment one comes first.
   *
   * @returns the invoice: void, or still being paid
   * @throws {Problem} 404; 409 where it was paid
   */
  async void(id: string): Promise<Invoice> {
    const { from, after, at } = VOID_TRANSITION;
    await this.unitOfWork.execute(
      `UPDATE invoice SET state = $3, ${at} = $4 WHERE id = $1 AND state = $2`,
      [id, from, after, this.clock.now()],
    );
    const invoice = await this.findById(id);
    if (hasBeenPaid(invoice.state)) throw invoiceNotVoidable(invoice.state);
    // A payment was under way, and has just been declined.
    return invoice.state === from ? this.void(id) : invoice;
  }

  /** Newest first. Invoices that are issued meanwhile do not shift the pages that follow. */
  async list(customer: string, page: PageRequest): Promise<InvoicePage> {
    const { limit, after, state, orderId } = page;
    const query = this.repository
      .createQueryBuilder('i')
      .where('i.customer = :customer', { customer })
      .orderBy({ 'i.issuedAt': 'DESC', 'i.id': 'DESC' })
      .limit(limit + 1);
    if (after) query.andWhere('(i.issuedAt, i.id) < (:issuedAt, :id)', after);
    if (state) query.andWhere('i.state = :state', { state });
    if (orderId !== undefined) query.andWhere('i.orderId = :orderId', { orderId });
    const found = await query.getMany();
    const invoices = found.slice(0, limit);
    return { invoices, next: found.length > limit ? toPagePosition(invoices.at(-1)) : undefined };
  }

  /** @throws {Problem} 404 */
  async findForCustomer(customer: string, id: string): Promise<Invoice> {
    const invoice = await this.repository.findOneBy({ id, customer });
    if (!invoice) throw invoiceNotFound();
    return invoice;
  }

  /**
   * For staff and services: whosever it is.
   *
   * @throws {Problem} 404
   */
  async findById(id: string): Promise<Invoice> {
    const invoice = await this.repository.findOneBy({ id });
    if (!invoice) throw invoiceNotFound();
    return invoice;
  }
}

const toPagePosition = (invoice: Invoice | undefined): PagePosition | undefined =>
  invoice && { issuedAt: invoice.issuedAt.getTime(), id: invoice.id };
