import { Controller, Get, type INestApplication, type Type } from '@nestjs/common';
import { RouterExecutionContext } from '@nestjs/core/router/router-execution-context.js';
import { ExpressAdapter } from '@nestjs/platform-express';
import request from 'supertest';
import { Public, RequireScopes } from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { guardedApp, OrdersController, platforms } from '../support/guarded-app.js';

type Method = (...args: unknown[]) => unknown;

const wrap = (inner: Method): Method =>
  function (this: unknown, ...args) {
    return inner.apply(this, args);
  };

function withMetadata(outer: Method, inner: Method): Method {
  for (const key of Reflect.getMetadataKeys(inner)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, inner), outer);
  }
  return outer;
}

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

describe.each(platforms)('wrapper of every handler on %s', (_platform, adapter) => {
  /** Wraps handlers like @opentelemetry/instrumentation-nestjs-core. */
  const { create } = RouterExecutionContext.prototype;
  const instrument = (replace: (handler: Method) => Method) => {
    RouterExecutionContext.prototype.create = function (instance, handler, ...others) {
      return create.call(this, instance, replace(handler), ...others);
    };
  };
  afterEach(() => {
    RouterExecutionContext.prototype.create = create;
  });

  const get = (path: string, scope: string) =>
    request(app?.getHttpServer())
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken({ scope })}`);

  it('keeps the rule of the handler if the wrapper copies its metadata', async () => {
    instrument((handler) => withMetadata(wrap(handler), handler));
    app = await guardedApp(adapter, issuer.options);

    expect((await get('/orders', 'orders:read')).body).toMatchObject({ subject: 'alice' });
    expect((await get('/orders/archive', 'orders:read')).status).toBe(403);
    expect((await request(app.getHttpServer()).get('/orders')).status).toBe(401);
    expect((await request(app.getHttpServer()).get('/prices')).status).toBe(200);
  });

  it('refuses every request if the wrapper does not copy metadata', async () => {
    instrument(wrap);
    app = await guardedApp(adapter, issuer.options);

    expect((await get('/orders', 'orders:read')).status).toBe(403);
    expect((await request(app.getHttpServer()).get('/prices')).status).toBe(401);
  });
});

describe('decorator that replaces the method of a handler', () => {
  const decorator =
    (replace: (method: Method) => Method): MethodDecorator =>
    (_target, _name, descriptor: PropertyDescriptor) => {
      descriptor.value = replace(descriptor.value);
    };
  const WithoutMetadata = () => decorator(wrap);
  const WithMetadata = () => decorator((method) => withMetadata(wrap(method), method));

  const start = async (...controllers: Type[]) => {
    app = await guardedApp(() => new ExpressAdapter(), issuer.options, controllers);
    return app.getHttpServer();
  };

  it('stops the start if a decorator loses access decorators, although the class has one', async () => {
    @Controller('keys')
    @RequireScopes('keys:read')
    class KeysController {
      @Get()
      @WithoutMetadata()
      @RequireScopes('keys:admin')
      list() {}
    }
    class InheritedController extends KeysController {}
    Controller('inherited')(InheritedController);

    await expect(start(KeysController, InheritedController)).rejects.toMatchObject({
      handlers: [
        expect.stringMatching(/^KeysController\.list: another decorator .* move it below them$/),
        expect.stringMatching(/^InheritedController\.list: another decorator/),
      ],
    });
  });

  it('keeps the rule if the decorator stands below, copies metadata, or stands between two rules', async () => {
    @Controller('keys')
    @Public()
    class KeysController {
      @Get('below')
      @RequireScopes('keys:admin')
      @WithoutMetadata()
      below() {}

      @Get('copied')
      @WithMetadata()
      @RequireScopes('keys:admin')
      copied() {}

      @Get('between')
      @RequireScopes('keys:admin')
      @WithoutMetadata()
      @RequireScopes('keys:read')
      between() {}
    }
    const server = await start(KeysController, OrdersController);
    const getChallenge = async (path: string) => {
      const answer = await request(server)
        .get(path)
        .set('Authorization', `Bearer ${issuer.accessToken({ scope: 'x' })}`);
      return answer.headers['www-authenticate'];
    };

    expect(await getChallenge('/keys/below')).toContain('scope="keys:admin"');
    expect(await getChallenge('/keys/copied')).toContain('scope="keys:admin"');
    expect(await getChallenge('/keys/between')).toContain('scope="keys:read keys:admin"');
  });
});
