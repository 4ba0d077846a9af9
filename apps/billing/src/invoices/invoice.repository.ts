import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import type { InvoiceState } from './invoice-state.js';
import { Invoice } from './invoice.entity.js';
import type { PagePosition, PageRequest } from './invoice.schema.js';

export interface InvoicePage {
  readonly invoices: readonly Invoice[];
  /** Absent on the last page. */
  readonly next?: PagePosition | undefined;
}

export interface StateChange {
  readonly id: string;
  readonly from: InvoiceState;
  readonly to: InvoiceState;
  /** The column that keeps when the invoice came into its new state, if there is one. */
  readonly instants?: Partial<Pick<Invoice, 'paidAt' | 'refundedAt' | 'voidedAt'>>;
}

/** Sums of one month in the currency's minor unit. They are digits, because they can exceed 2^53. */
export interface MonthlyTotals {
  readonly currency: string;
  readonly invoices: number;
  readonly issuedMinor: string;
  readonly paidMinor: string;
  readonly refundedMinor: string;
  readonly voidMinor: string;
}

/**
 * SQL, because the unique constraint is the lock: one of several simultaneous requests for an order inserts the invoice. The
 * error of `manager.insert` would abort a PostgreSQL transaction.
 */
const INSERT_INVOICE = `
  INSERT INTO invoice (id, customer, order_id, amount_minor, currency, issued_at)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (order_id) DO NOTHING`;

const sumWhere = (condition: string) =>
  `CAST(sum(CASE WHEN ${condition} THEN amount_minor ELSE 0 END) AS text)`;

/** SQL, because it selects columns of the index `invoices_by_time` only, so the database reads no rows of the table. */
const FIND_TOTALS = `
  SELECT currency, count(*) AS invoices, CAST(sum(amount_minor) AS text) AS "issuedMinor",
    ${sumWhere(`state IN ('paid', 'refunding')`)} AS "paidMinor", ${sumWhere(`state = 'refunded'`)} AS "refundedMinor",
    ${sumWhere(`state = 'void'`)} AS "voidMinor"
  FROM invoice WHERE issued_at >= $1 AND issued_at < $2 GROUP BY currency ORDER BY currency`;

/** All statements on the table `invoice`. */
@Injectable()
export class InvoiceRepository {
  constructor(
    @InjectRepository(Invoice) private readonly repository: Repository<Invoice>,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  create(values: Omit<Invoice, 'hasContent'>): Invoice {
    return this.repository.create(values);
  }

  /** @returns false when the order has an invoice */
  async insertIfAbsent(invoice: Invoice): Promise<boolean> {
    const { id, customer, orderId, amountMinor, currency, issuedAt } = invoice;
    const values = [id, customer, orderId, amountMinor, currency, issuedAt.getTime()];
    const { affected } = await this.unitOfWork.execute(INSERT_INVOICE, values);
    return affected === 1;
  }

  /**
   * The state is the lock: one of several simultaneous changes takes place.
   *
   * @returns false when the invoice is not in the state `from`
   */
  async changeState(
    manager: EntityManager,
    { id, from, to, instants }: StateChange,
  ): Promise<boolean> {
    const { affected } = await manager.update(
      Invoice,
      { id, state: from },
      { state: to, ...instants },
    );
    return affected === 1;
  }

  findById(id: string): Promise<Invoice | null> {
    return this.repository.findOneBy({ id });
  }

  findForCustomer(customer: string, id: string): Promise<Invoice | null> {
    return this.repository.findOneBy({ id, customer });
  }

  getByOrder(orderId: string): Promise<Invoice> {
    return this.repository.findOneByOrFail({ orderId });
  }

  /**
   * Newest first. A page continues after the last invoice of the previous page, so new invoices do not shift it.
   *
   * @param customer undefined for the invoices of all customers
   */
  async findPage(customer: string | undefined, page: PageRequest): Promise<InvoicePage> {
    const { limit, after, state, orderId } = page;
    const query = this.repository
      .createQueryBuilder('i')
      .orderBy({ 'i.issuedAt': 'DESC', 'i.id': 'DESC' })
      .limit(limit + 1);
    if (customer !== undefined) query.andWhere('i.customer = :customer', { customer });
    if (after) query.andWhere('(i.issuedAt, i.id) < (:issuedAt, :id)', after);
    if (state) query.andWhere('i.state = :state', { state });
    if (orderId !== undefined) query.andWhere('i.orderId = :orderId', { orderId });
    const found = await query.getMany();
    const invoices = found.slice(0, limit);
    return { invoices, next: found.length > limit ? toPagePosition(invoices.at(-1)) : undefined };
  }

  /**
   * Sums the invoices that were issued in a period, by their present state.
   *
   * @param from first millisecond of the period
   * @param to first millisecond after the period
   */
  findTotals(from: number, to: number): Promise<MonthlyTotals[]> {
    return this.unitOfWork.query<MonthlyTotals>(FIND_TOTALS, [from, to]);
  }
}

const toPagePosition = (invoice: Invoice | undefined): PagePosition | undefined =>
  invoice && { issuedAt: invoice.issuedAt.getTime(), id: invoice.id };
