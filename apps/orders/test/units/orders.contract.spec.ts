import { TestClock } from '@gatehouse/service-kit/testing';
import {
  CleanupJob,
  type Database,
  type DatabaseSettings,
  openDatabase,
} from '@gatehouse/persistence';
import { eachDatabase, findSchemaDifferences } from '@gatehouse/persistence/testing';
import fc from 'fast-check';
import { ordersDatabase } from '../../src/database.js';
import { IdempotencyKeyRepository } from '../../src/orders/idempotency-key.repository.js';
import { InvoiceDeliveryRepository } from '../../src/invoice-deliveries/invoice-delivery.repository.js';
import { ordersConfig } from '../../src/orders.config.js';
import type { PagePosition } from '../../src/orders/order.schema.js';
import { Order } from '../../src/orders/order.entity.js';
import { OrderRepository } from '../../src/orders/order.repository.js';
import { OrdersService } from '../../src/orders/orders.service.js';
import { anOrder } from '../support/factories.js';

eachDatabase('the orders in the database', (fresh) => {
  const clock = new TestClock(0);
  let settings: DatabaseSettings;
  let database: Database;
  let orders: OrdersService;
  beforeEach(async () => {
    const { dataDir, databaseUrl } = await fresh();
    settings = ordersDatabase(ordersConfig({ DATA_DIR: dataDir, DATABASE_URL: databaseUrl }));
    database = await openDatabase(settings);
    const { reader, unitOfWork } = database;
    const repository = new OrderRepository(reader.getRepository(Order), unitOfWork);
    const keys = new IdempotencyKeyRepository(unitOfWork, clock, new CleanupJob(clock));
    const deliveries = new InvoiceDeliveryRepository(unitOfWork, clock);
    orders = new OrdersService(repository, keys, deliveries, unitOfWork, clock);
  });
  afterEach(() => database.close());

  it('describes exactly the tables that the migrations create', async () => {
    expect(await findSchemaDifferences(settings)).toEqual([]);
  });

  it('returns an order as it was placed', async () => {
    clock.set(1_764_000_000_123);
    const placed = await orders.place('alice', anOrder());

    expect(await orders.find(placed.id)).toEqual(placed);
    expect(placed.placedAt).toEqual(new Date(1_764_000_000_123));
    expect(placed.totalMinor).toBe(2500);
  });

  async function walk(owner: string, limit: number): Promise<Order[][]> {
    const pages: Order[][] = [];
    let after: PagePosition | undefined;
    do {
      const page = await orders.list(owner, { limit, after });
      pages.push([...page.orders]);
      after = page.next;
    } while (after);
    return pages;
  }

  it('lists each order once, newest first, for all limits and equal times', async () => {
    let owners = 0;
    const instants = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(instants, fc.integer({ min: 1, max: 5 }), async (placedAt, limit) => {
        const owner = `owner-${(owners += 1)}`;
        const placed: Order[] = [];
        for (const instant of placedAt) {
          clock.set(instant);
          placed.push(await orders.place(owner, anOrder()));
        }
        const pages = await walk(owner, limit);

        const keys = placed.map((order) => `${order.placedAt.getTime()} ${order.id}`);
        const listed = pages.flat().map((order) => `${order.placedAt.getTime()} ${order.id}`);
        expect(listed).toEqual(keys.sort().reverse());
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        expect(pages).toHaveLength(Math.max(1, Math.ceil(placed.length / limit)));
      }),
      { numRuns: 40 },
    );
  });

  it('lists the orders of all owners in a state, newest first', async () => {
    const placed: Order[] = [];
    for (const owner of ['alice', 'bob', 'carol']) {
      clock.set(placed.length);
      placed.push(await orders.place(owner, anOrder()));
    }
    await orders.cancel(placed[1]?.id ?? '', { kind: 'any' });

    const page = await orders.list(undefined, { limit: 9, state: 'placed' });
    expect(page.orders.map(({ owner }) => owner)).toEqual(['carol', 'alice']);
  });

  it('cancels an order once for fifty simultaneous calls, and increases its version by one', async () => {
    const { id } = await orders.place('alice', anOrder());
    clock.set(7);
    const cancels = Array.from({ length: 50 }, () => orders.cancel(id, { kind: 'any' }));
    const outcomes = await Promise.allSettled(cancels);
    clock.set(8);
    await expect(orders.cancel(id, { kind: 'any' })).rejects.toMatchObject({ status: 409 });
    await expect(orders.cancel(id, { kind: 'tags', tags: ['"1"'] })).rejects.toMatchObject({
      status: 412,
    });

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await orders.find(id)).toMatchObject({ cancelledAt: new Date(7), version: 2 });
  });

  it('gives states and due messages to billing to the orders of the first version', async () => {
    const { dataDir, databaseUrl } = await fresh();
    const before = ordersDatabase(ordersConfig({ DATA_DIR: dataDir, DATABASE_URL: databaseUrl }));
    const old = await openDatabase({ ...before, migrations: before.migrations.slice(0, 1) });
    for (const [id, cancelledAt] of [
      ['ord_placed', null],
      ['ord_cancelled', 5],
    ]) {
      await old.unitOfWork.execute(
        `INSERT INTO customer_order (id, owner, items, currency, total_minor, placed_at, cancelled_at)
         VALUES ($1, 'alice', '[]', 'EUR', 9, 1, $2)`,
        [id, cancelledAt],
      );
    }
    await old.close();
    const migrated = await openDatabase(before);
    const { unitOfWork } = migrated;

    expect(
      await unitOfWork.query('SELECT id, state, version FROM customer_order ORDER BY id'),
    ).toEqual([
      { id: 'ord_cancelled', state: 'cancelled', version: 2 },
      { id: 'ord_placed', state: 'placed', version: 1 },
    ]);
    const { placed, cancelled } = new InvoiceDeliveryRepository(unitOfWork, clock);
    const due = { customer: 'alice', amountMinor: 9, currency: 'EUR', attempts: 1 };
    expect(await placed.claimDue(10)).toEqual([{ ...due, orderId: 'ord_placed' }]);
    expect(await cancelled.claimDue(10)).toEqual([{ ...due, orderId: 'ord_cancelled' }]);
    await migrated.close();
  });
});
