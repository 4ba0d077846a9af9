import { TestClock } from '@gatehouse/service-kit/testing';
import { type Database, type DatabaseSettings, openDatabase } from '@gatehouse/persistence';
import { eachDatabase, findSchemaDifferences } from '@gatehouse/persistence/testing';
import fc from 'fast-check';
import { billingConfig } from '../../src/billing.config.js';
import { billingDatabase } from '../../src/database.js';
import type { PagePosition } from '../../src/invoices/invoice.schema.js';
import { Invoice } from '../../src/invoices/invoice.entity.js';
import { InvoiceRepository } from '../../src/invoices/invoice.repository.js';
import { InvoicesService } from '../../src/invoices/invoices.service.js';
import { anInvoice } from '../support/factories.js';

eachDatabase('the invoices in the database', (fresh) => {
  const clock = new TestClock(0);
  let settings: DatabaseSettings;
  let database: Database;
  let invoices: InvoicesService;
  beforeEach(async () => {
    const { dataDir, databaseUrl } = await fresh();
    settings = billingDatabase(billingConfig({ DATA_DIR: dataDir, DATABASE_URL: databaseUrl }));
    database = await openDatabase(settings);
    const { reader, unitOfWork } = database;
    const repository = new InvoiceRepository(reader.getRepository(Invoice), unitOfWork);
    invoices = new InvoicesService(repository, unitOfWork, clock);
  });
  afterEach(() => database.close());

  it('describes exactly the tables that the migrations create', async () => {
    expect(await findSchemaDifferences(settings)).toEqual([]);
  });

  it('returns an invoice as it was issued', async () => {
    clock.set(1_764_000_000_123);
    const content = anInvoice({ customer: 'alice', amountMinor: 1_000_000_000_000 });
    const { invoice } = await invoices.issue(content);

    expect(await invoices.findForCustomer('alice', invoice.id)).toEqual(invoice);
    expect(invoice).toMatchObject({ ...content, issuedAt: new Date(1_764_000_000_123) });
  });

  async function walk(customer: string, limit: number): Promise<Invoice[][]> {
    const pages: Invoice[][] = [];
    let after: PagePosition | undefined;
    do {
      const page = await invoices.list(customer, { limit, after });
      pages.push([...page.invoices]);
      after = page.next;
    } while (after);
    return pages;
  }

  it('lists each invoice once, newest first, for all limits and equal times', async () => {
    let customers = 0;
    const instants = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(instants, fc.integer({ min: 1, max: 5 }), async (issuedAt, limit) => {
        const customer = `customer-${(customers += 1)}`;
        const keys: string[] = [];
        for (const instant of issuedAt) {
          clock.set(instant);
          const { invoice } = await invoices.issue(anInvoice({ customer }));
          keys.push(`${clock.now()} ${invoice.id}`);
        }
        const pages = await walk(customer, limit);

        const listed = pages.flat().map((invoice) => `${invoice.issuedAt.getTime()} ${invoice.id}`);
        expect(listed).toEqual(keys.sort().reverse());
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        expect(pages).toHaveLength(Math.max(1, Math.ceil(keys.length / limit)));
      }),
      { numRuns: 40 },
    );
  });

  it('issues one invoice per order for fifty simultaneous calls', async () => {
    const content = anInvoice({ customer: 'alice' });
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => invoices.issue(content)));

    expect(outcomes.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(outcomes.map(({ invoice }) => invoice.id)).size).toBe(1);
  });

  it('gives a state to the invoices of the first version', async () => {
    const { dataDir, databaseUrl } = await fresh();
    const before = billingDatabase(billingConfig({ DATA_DIR: dataDir, DATABASE_URL: databaseUrl }));
    const old = await openDatabase({ ...before, migrations: before.migrations.slice(0, 1) });
    for (const [id, paidAt] of [
      ['inv_open', null],
      ['inv_paid', 5],
    ]) {
      await old.unitOfWork.execute(
        `INSERT INTO invoice (id, customer, order_id, amount_minor, currency, issued_at, paid_at)
         VALUES ($1, 'alice', $1, 9, 'EUR', 1, $2)`,
        [id, paidAt],
      );
    }
    await old.close();
    const migrated = await openDatabase(before);

    const states = await migrated.unitOfWork.query('SELECT id, state FROM invoice ORDER BY id');
    expect(states).toEqual([
      { id: 'inv_open', state: 'open' },
      { id: 'inv_paid', state: 'paid' },
    ]);
    await migrated.close();
  });
});
