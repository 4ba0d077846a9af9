import { Scheduler } from '@gatehouse/persistence';
import {
  compareWithDocument,
  eachDatabase,
  StatementCounter,
} from '@gatehouse/persistence/testing';
import { DataSource } from 'typeorm';
import { anOrder } from '../support/factories.js';
import { RunningOrders } from '../support/running-orders.js';

eachDatabase('the cost of a request (docs/architecture.md)', (fresh, name) => {
  let orders: RunningOrders;
  let counter: StatementCounter;
  beforeAll(async () => {
    orders = await RunningOrders.start(await fresh());
    // A placed order wakes the job that delivers its invoice.
    await orders.app.get(Scheduler).beforeApplicationShutdown();
    counter = new StatementCounter(orders.app.get(DataSource));
  });
  afterAll(async () => {
    counter.stop();
    await orders.close();
  });

  it('the service sends the documented number of statements to read and to place an order', async () => {
    const alice = orders.asUser('alice');
    const { id } = await alice.placeOrder();
    const read = await counter.during(() => alice.get(`/orders/${id}`).expect(200).then());
    const placed = await counter.during(() => alice.post('/orders', anOrder()).expect(201).then());
    const differences = [
      ...compareWithDocument('read an order', name, read),
      ...compareWithDocument('place an order', name, placed),
    ];
    expect(differences).toEqual([]);
  });
});
