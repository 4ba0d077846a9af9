// orders.spec.ts
import { Test } from '@nestjs/testing';
import { GuardsModule } from '@gatehouse/guards';
import { expectGuarded, TestIssuer } from '@gatehouse/guards/testing';
import request from 'supertest';
import { OrdersController } from './orders.controller.js';

it('lists orders for a token with the scope', async () => {
  const issuer = await TestIssuer.start();
  const testing = await Test.createTestingModule({
    imports: [GuardsModule.forRoot(issuer.options)],
    controllers: [OrdersController],
  }).compile();
  const app = await testing.createNestApplication().init();
  const list = (token: string) =>
    request(app.getHttpServer()).get('/orders').set('Authorization', `Bearer ${token}`);

  await list(issuer.accessToken({ scope: 'orders:read' })).expect(200, { ordersOf: 'alice' });
  await list(issuer.accessToken({ scope: 'orders:write' })).expect(403);
  await list(issuer.accessToken({ scope: 'orders:read', exp: 1 })).expect(401);
  expect(await expectGuarded(app, issuer)).toEqual(['GET /orders']);

  await app.close();
  await issuer.close();
});
