import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import request from 'supertest';
import { GuardsModule, type IssuerOptions } from '../../../src/index.js';
import { DpopClient, expectGuarded, TestIssuer } from '../../../testing/index.js';
import { API, guardedApp, OrdersController, platforms } from '../../support/guarded-app.js';

describe.each(platforms)('application that takes proofs on %s', (_platform, adapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;

  beforeEach(async () => {
    issuer = await TestIssuer.start({ audience: API });
  });
  afterEach(async () => {
    await app.close();
    await issuer.close();
  });

  it('gets bound tokens with proofs from expectGuarded() if it requires DPoP (RFC 9449 §7.2)', async () => {
    const issuers: [IssuerOptions] = [{ ...issuer.options, requiresDpop: true }];
    const dpop = { requiresNonce: true };
    app = await guardedApp(adapter, { audience: API, issuers, dpop });

    expect(await expectGuarded(app, issuer)).toEqual(['GET /orders', 'GET /orders/archive']);
  });

  it('exposes the nonce that the next proof needs to scripts (RFC 9449 §9, Fetch §3.2.1)', async () => {
    class AppModule {}
    const guards = GuardsModule.forRoot({ ...issuer.options, dpop: { requiresNonce: true } });
    Module({ imports: [guards], controllers: [OrdersController] })(AppModule);
    app = await NestFactory.create(AppModule, adapter(), { logger: false });
    app.enableCors({});
    await app.listen(0, '127.0.0.1');
    const client = new DpopClient();
    const accessToken = issuer.accessToken({ scope: 'orders:read', cnf: client.cnf });
    const proven = { method: 'GET', url: `${API}/orders`, accessToken };
    const { headers } = await request(app.getHttpServer())
      .get('/orders')
      .set({ Origin: 'https://web.example', ...client.headers(proven) });

    expect(headers['access-control-expose-headers']).toBe('DPoP-Nonce, WWW-Authenticate');
  });
});
