import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import request from 'supertest';
import { TestIssuer } from '../../testing/index.js';
import { GuardsModule } from '../../src/index.js';
import { guardedApp, OrdersController, platforms } from '../support/guarded-app.js';

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

describe.each(platforms)('protected resource metadata on %s (RFC 9728)', (_platform, adapter) => {
  const path = '/.well-known/oauth-protected-resource';

  it('names the issuer and every scope that a handler requires', async () => {
    app = await guardedApp(adapter, issuer.options);
    const answer = await request(app.getHttpServer()).get(path);

    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.body).toEqual({
      resource: 'https://api.example',
      authorization_servers: [issuer.issuer],
      scopes_supported: ['orders:archive', 'orders:read'],
      bearer_methods_supported: ['header'],
    });
  });

  it('stays at the root of the host if the global prefix excludes it (RFC 9728 §3.1)', async () => {
    class AppModule {}
    Module({ imports: [GuardsModule.forRoot(issuer.options)], controllers: [OrdersController] })(
      AppModule,
    );
    app = await NestFactory.create(AppModule, adapter(), { logger: false });
    app.setGlobalPrefix('api', { exclude: ['.well-known/oauth-protected-resource'] });
    await app.listen(0, '127.0.0.1');

    expect((await request(app.getHttpServer()).get('/api/orders')).status).toBe(401);
    expect((await request(app.getHttpServer()).get(path)).status).toBe(200);
  });

  it.each([
    ['`servesResourceMetadata` is false', { servesResourceMetadata: false }],
    ['the audience is not a URL', { audience: 'orders' }],
  ])('answers 404 for the metadata and advertises none when %s', async (_name, options) => {
    app = await guardedApp(adapter, { ...issuer.options, ...options });

    expect((await request(app.getHttpServer()).get(path)).status).toBe(404);
    const refused = await request(app.getHttpServer()).get('/orders');
    expect(refused.headers['www-authenticate']).toBe('Bearer');
  });
});
