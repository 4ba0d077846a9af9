// app.e2e.spec.ts
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { GUARDS_OPTIONS } from '@gatehouse/guards';
import { expectGuarded, TestIssuer } from '@gatehouse/guards/testing';
import request from 'supertest';
import { AppModule, guardsOptions } from './app.module.js';

let issuer: TestIssuer;
let app: INestApplication;

beforeEach(async () => {
  issuer = await TestIssuer.start();
  const testing = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(GUARDS_OPTIONS)
    .useValue({ ...guardsOptions, ...issuer.options })
    .compile();
  app = await testing.createNestApplication().init();
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

it('lists the orders of the user, and guards its routes', async () => {
  const token = issuer.accessToken({ sub: 'bob', scope: 'orders:read' });
  const call = request(app.getHttpServer()).get('/orders');

  await call.auth(token, { type: 'bearer' }).expect(200, { ordersOf: 'bob' });
  expect(await expectGuarded(app, issuer)).toEqual(['GET /orders']);
});
