import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import request from 'supertest';
import { GuardsModule, RequireScopes } from '../../../src/index.js';
import { GuardedMessages, microserviceTransport } from '../../../src/microservices/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { freePort } from '../../support/free-port.js';
import { OrdersController, platforms, start } from '../../support/guarded-app.js';

let issuer: TestIssuer;
let app: INestApplication | undefined;

beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await issuer.close();
});

describe.each(platforms)('application with HTTP and messages on %s', (_platform, adapter) => {
  it('stops the start for an HTTP handler whose class is guarded for messages only', async () => {
    @Controller()
    @GuardedMessages()
    class MixedController {
      @Get()
      @RequireScopes('orders:read')
      list() {}

      @MessagePattern('orders.list')
      @RequireScopes('orders:read')
      answer() {}
    }
    const options = { ...issuer.options, transports: [microserviceTransport()] };
    const starting = start(adapter, [GuardsModule.forFeature(options)], [MixedController]);

    await expect(starting).rejects.toMatchObject({
      handlers: [expect.stringMatching(/^MixedController\.list: .*does not run here/)],
    });
  });

  it('serves the metadata document at the address that applications with HTTP only have (RFC 9728 §3.1)', async () => {
    class AppModule {}
    const imports = [GuardsModule.forRoot(issuer.options)];
    Module({ imports, controllers: [OrdersController] })(AppModule);
    app = await NestFactory.create(AppModule, adapter(), { logger: false });
    app.connectMicroservice({ transport: Transport.TCP, options: { port: await freePort() } });
    await app.init();
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');

    const path = '/.well-known/oauth-protected-resource';
    expect((await request(app.getHttpServer()).get(path)).status).toBe(200);
  });
});
