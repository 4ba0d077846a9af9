import { Controller, Get, type INestApplication, type Type } from '@nestjs/common';
import { RouterExecutionContext } from '@nestjs/core/router/router-execution-context.js';
import { ExpressAdapter } from '@nestjs/platform-express';
import request from 'supertest';
import { Public, RequireScopes } from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { guardedApp, OrdersController, platforms } from '../support/guarded-app.js';

type Method = (...args: unknown[]) => unknown;

const around = (inside: Method): Method =>
  function (this: unknown, ...args) {
    return inside.apply(this, args);
  };

function withMetadata(outside: Method, inside: Method): Method {
  for (const key of Reflect.getMetadataKeys(inside)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, inside), outside);
  }
  return outside;
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

describe.each(platforms)('a function around every handler, on %s', (_platform, adapter) => {
  /** As @opentelemetry/instrumentation-nestjs-core does it, and whatever is built on it. */
  const { create } = RouterExecutionContext.prototype;
  const instrument = (wrap: (handler: Method) => Method) => {
    RouterExecutionContext.prototype.create = function (instance, handler, ...others) {
      return create.call(this, instance, wrap(handler), ...others);
    };
  };
  afterEach(() => {
    RouterExecutionContext.prototype.create = create;
  });

  const get = (path: string, scope: string) =>
    request(app?.getHttpServer())
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken({ scope })}`);

  it('has the rule of what is inside, if it has its metadata', async () => {
    instrument((handler) => withMetadata(around(handler), handler));
    app = await guardedApp(adapter, issuer.options);

    expect((await get('/orders', 'orders:read')).body).toMatchObject({ subject: 'alice' });
    expect((await get('/orders/archive', 'orders:read')).status).toBe(403);
    expect((await request(app.getHttpServer()).get('/orders')).status).toBe(401);
    expect((await request(app.getHttpServer()).get('/prices')).status).toBe(200);
  });

  it('answers nobody, if it has not', async () => {
    instrument(around);
    app = await guardedApp(adapter, issuer.options);

    expect((await get('/orders', 'orders:read')).status).toBe(403);
    expect((await request(app.getHttpServer()).get('/prices')).status).toBe(401);
  });
});

describe('a decorator that puts another function in the place of the method', () => {
  const decorator =
    (wrap: (method: Method) => Method): MethodDecorator =>
    (_target, _name, descriptor: PropertyDescriptor) => {
      descriptor.value = wrap(descriptor.value);
    };
  const Forgetful = () => decorator(around);
  const Careful = () => decorator((method) => withMetadata(around(method), method));

  const start = async (...controllers: Type[]) => {
    app = await guardedApp(() => new ExpressAdapter(), issuer.options, controllers);
    return app.getHttpServer();
  };

  it('and loses what was said of it stops the start, although the class says something', async () => {
    @Controller('keys')
    @RequireScopes('keys:read')
    class Keys {
      @Get()
      @Forgetful()
      @RequireScopes('keys:admin')
      list() {}
    }
    class Inherited extends Keys {}
    Controller('inherited')(Inherited);

    await expect(start(Keys, Inherited)).rejects.toMatchObject({
      handlers: [
        expect.stringMatching(/^Keys\.list: another decorator .* it belongs below$/),
        expect.stringMatching(/^Inherited\.list: another decorator/),
      ],
    });
  });

  it('is fine below, or with the metadata, or between two that add up', async () => {
    @Controller('keys')
    @Public()
    class Keys {
      @Get('below')
      @RequireScopes('keys:admin')
      @Forgetful()
      below() {}

      @Get('careful')
      @Careful()
      @RequireScopes('keys:admin')
      careful() {}

      @Get('between')
      @RequireScopes('keys:admin')
      @Forgetful()
      @RequireScopes('keys:read')
      between() {}
    }
    const server = await start(Keys, OrdersController);
    const challengeOf = async (path: string) => {
      const answer = await request(server)
        .get(path)
        .set('Authorization', `Bearer ${issuer.accessToken({ scope: 'x' })}`);
      return answer.headers['www-authenticate'];
    };

    expect(await challengeOf('/keys/below')).toContain('scope="keys:admin"');
    expect(await challengeOf('/keys/careful')).toContain('scope="keys:admin"');
    expect(await challengeOf('/keys/between')).toContain('scope="keys:read keys:admin"');
  });
});
