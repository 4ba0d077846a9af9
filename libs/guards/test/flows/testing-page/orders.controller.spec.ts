// orders.controller.spec.ts
import { testToken } from '@gatehouse/guards/testing';
import { OrdersController } from './app.module.js';

it('lists the orders of the user', () => {
  const token = testToken({ subject: 'bob', scopes: ['orders:read'] });
  expect(new OrdersController().list(token)).toEqual({ ordersOf: 'bob' });
});
