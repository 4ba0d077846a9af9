import {
  type CanActivate,
  type INestApplication,
  Module,
  type VersioningOptions,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import request from 'supertest';
import { TestIssuer } from '../../testing/index.js';
import { listRoutes } from '../../testing/routes.js';
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
  const create = () => {
    class AppModule {}
    const imports = [GuardsModule.forRoot(issuer.options)];
    Module({ imports, controllers: [OrdersController] })(AppModule);
    return NestFactory.create(AppModule, adapter(), { logger: false });
  };

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

  it.each([
    ['https://api.example/v1', '/v1'],
    ['https://api.example/v1/', '/v1/'],
    ['https://api.example/a/b', '/a/b'],
    ['https://api.example/v1:beta', '/v1:beta'],
    ['https://api.example/f(x)!', '/f(x)!'],
    ['https://api.example/ü', '/%C3%BC'],
    ['https://api.example/{x}', '/{x}'],
    ['https://api.example/v1?tenant=a', '/v1?tenant=a'],
    ['https://api.example/?tenant=a', '?tenant=a'],
  ])('serves the document of %s where RFC 9728 §3.1 puts it', async (audience, suffix) => {
    app = await guardedApp(adapter, { ...issuer.options, audience });
    const server = app.getHttpServer();
    const answer = await request(server).get(path + suffix);
    const refused = await request(server).get('/orders');
    const named = /resource_metadata="([^"]*)"/.exec(refused.headers['www-authenticate'] ?? '');

    expect([answer.status, answer.body]).toMatchObject([200, { resource: audience }]);
    expect(named?.[1]).toBe(`https://api.example${path}${suffix}`.replace('{x}', '%7Bx%7D'));
    if (!suffix.startsWith('?')) expect((await request(server).get(path)).status).toBe(404);
    expect((await request(server).get(`${path}/other`)).status).toBe(404);
  });

  it.each(['a*b', 'a%2Fb', '%zz'])(
    'names no document for a path that cannot be a route: %s',
    async (last) => {
      app = await guardedApp(adapter, {
        ...issuer.options,
        audience: `https://api.example/${last}`,
      });
      const refused = await request(app.getHttpServer()).get('/orders');
      expect(refused.headers['www-authenticate']).toBe('Bearer scope="orders:read"');
    },
  );

  it('lets scripts of every origin read it without a token', async () => {
    app = await guardedApp(adapter, issuer.options);
    const answer = await request(app.getHttpServer())
      .get(path)
      .set('Origin', 'https://app.example');
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect((await request(app.getHttpServer()).head(path)).status).toBe(200);
  });

  it('lets scripts of every origin send headers of their own, such as MCP-Protocol-Version (Fetch §3.2.2)', async () => {
    app = await guardedApp(adapter, { ...issuer.options, audience: 'https://api.example/mcp' });
    const { status, headers, text } = await request(app.getHttpServer())
      .options(`${path}/mcp`)
      .set('Origin', 'https://app.example')
      .set('Access-Control-Request-Method', 'GET')
      .set('Access-Control-Request-Headers', 'mcp-protocol-version');
    expect([status, text]).toEqual([204, '']);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': '*',
    });
    expect((await request(app.getHttpServer()).options('/orders')).status).not.toBe(204);
  });

  it('names the scopes of the option `advertisedScopes` only', async () => {
    app = await guardedApp(adapter, { ...issuer.options, advertisedScopes: ['orders:read'] });
    const answer = await request(app.getHttpServer()).get(path);
    expect(answer.body).toHaveProperty('scopes_supported', ['orders:read']);
  });

  it('stays where the challenge says under a global prefix, versions and another global guard', async () => {
    class DenyingGuard implements CanActivate {
      canActivate = () => false;
    }
    @Module({ providers: [{ provide: APP_GUARD, useClass: DenyingGuard }] })
    class DenyingModule {}
    class AppModule {}
    const guards = GuardsModule.forRoot({ ...issuer.options, audience: 'https://api.example/v1' });
    const imports = [guards, DenyingModule];
    Module({ imports, controllers: [OrdersController] })(AppModule);
    app = await NestFactory.create(AppModule, adapter(), { logger: false });
    app.setGlobalPrefix('api');
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    await app.listen(0, '127.0.0.1');
    const answer = await request(app.getHttpServer()).get('/api/v1/orders');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain(`https://api.example${path}/v1`);
    expect((await request(app.getHttpServer()).get(`${path}/v1`)).status).toBe(200);
  });

  it.each([
    ['a global prefix that excludes it', { exclude: ['.well-known/{*path}'] }],
    ['a global prefix that excludes another path', { exclude: ['orders'] }],
  ])('stays at its place under %s', async (_how, prefix) => {
    app = await create();
    app.setGlobalPrefix('api', prefix);
    await app.listen(0, '127.0.0.1');

    expect((await request(app.getHttpServer()).get(path)).status).toBe(200);
    expect((await request(app.getHttpServer()).get(`/api${path}`)).status).toBe(404);
  });

  it.each<VersioningOptions>([
    { type: VersioningType.URI, defaultVersion: '2' },
    { type: VersioningType.HEADER, defaultVersion: '2', header: 'x-version' },
    { type: VersioningType.MEDIA_TYPE, defaultVersion: '2', key: 'v=' },
  ])('stays at its place with versioning: %j', async (versioning) => {
    app = await create();
    app.enableVersioning(versioning);
    await app.listen(0, '127.0.0.1');

    expect((await request(app.getHttpServer()).get(path)).status).toBe(200);
  });

  it('no OpenAPI document lists it, because it is no route of a controller', async () => {
    app = await create();
    app.setGlobalPrefix('api');
    await app.init();
    const routes = listRoutes(app).map((route) => route.path);

    expect(routes).toEqual(['/api/orders', '/api/orders/archive', '/api/prices']);
  });

  it.each([
    ['`servesResourceMetadata` is false', { servesResourceMetadata: false }],
    ['the audience is not a URL', { audience: 'orders' }],
  ])('answers 404 for the metadata and advertises none when %s', async (_name, options) => {
    app = await guardedApp(adapter, { ...issuer.options, ...options });

    expect((await request(app.getHttpServer()).get(path)).status).toBe(404);
    const refused = await request(app.getHttpServer()).get('/orders');
    expect(refused.headers['www-authenticate']).toBe('Bearer scope="orders:read"');
  });
});
