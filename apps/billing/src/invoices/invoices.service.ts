import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { createInvoiceId } from './invoice-id.pipe.js';
import { invoiceConflict, invoiceNotFound, invoiceNotVoidable } from './invoice-problems.js';
import { hasBeenPaid, VOID_TRANSITION } from './invoice-state.js';
import type { Invoice } from './invoice.entity.js';
import { type InvoicePage, InvoiceRepository } from './invoice.repository.js';
import type { NewInvoice, PageRequest } from './invoice.schema.js';

/** Services issue and void invoices. A customer sees the invoices that name the customer. */
@Injectable()
export class InvoicesService {
  constructor(
    private readonly repository: InvoiceRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Issues the invoice of an order. A service that repeats the request gets the same invoice.
   *
   * @throws {Problem} 409 when the invoice of the order has other content
   */
  async issue(content: NewInvoice): Promise<{ invoice: Invoice; isNew: boolean }> {
    const invoice = this.repository.create({
      ...content,
      id: createInvoiceId(),
      state: 'open',
      issuedAt: new Date(this.clock.now()),
      paidAt: null,
      refundedAt: null,
      voidedAt: null,
    });
    if (await this.repository.insertIfAbsent(invoice)) return { invoice, isNew: true };
    const issued = await this.repository.getByOrder(content.orderId);
    if (!issued.hasContent(content)) throw invoiceConflict();
    return { invoice: issued, isNew: false };
  }

  /**
   * Voids an open invoice for a service. Of this and a simultaneous payment, one succeeds, because both change the state.
   *
   * @returns the invoice: void, or with a payment in progress
   * @throws {Problem} 404; 409 when the invoice was paid
   */
  async void(id: string): Promise<Invoice> {
    const { from, after, at } = VOID_TRANSITION;
    const instants = { [at]: new Date(this.clock.now()) };
    await this.unitOfWork.transaction((manager) =>
      this.repository.changeState(manager, { id, from, to: after, instants }),
    );
    const invoice = await this.findById(id);
    if (hasBeenPaid(invoice.state)) throw invoiceNotVoidable(invoice.state);
    // A payment was in progress at the change and is declined now, so the invoice is open again.
    return invoice.state === from ? this.void(id) : invoice;
  }

  /** @param customer undefined for the invoices of all customers */
  list(customer: string | undefined, page: PageRequest): Promise<InvoicePage> {
    return this.repository.findPage(customer, page);
  }

  /** @throws {Problem} 404 */
  async findForCustomer(customer: string, id: string): Promise<Invoice> {
    const invoice = await this.repository.findForCustomer(customer, id);
    if (!invoice) throw invoiceNotFound();
    return invoice;
  }

  /**
   * Finds the invoice of any customer, for staff and services.
   *
   * @throws {Problem} 404
   */
  async findById(id: string): Promise<Invoice> {
    const invoice = await this.repository.findById(id);
    if (!invoice) throw invoiceNotFound();
    return invoice;
  }
}
