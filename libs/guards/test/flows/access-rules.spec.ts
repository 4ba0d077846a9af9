import { Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { ExpressAdapter } from '@nestjs/platform-express';
import request from 'supertest';
import { AccessTokenGuard } from '../../src/nest/access-token.guard.js';
import {
  AccessRules,
  AccessToken,
  InsufficientScope,
  Public,
  type Rejection,
  RequireScopes,
  UnguardedHandlers,
} from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
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

const express = () => new ExpressAdapter();

describe('boot audit of HTTP handlers', () => {
  @Controller('forgotten')
  class ForgottenController {
    @Get()
    list() {}

    @Post()
    create() {}

    @Get('prices')
    @Public()
    prices() {}

    notAHandler() {}
  }

  @Controller('torn')
  class ContradictoryController {
    @Get()
    @Public()
    @RequireScopes('orders:read')
    list() {}
  }

  it.each(platforms)(
    'stops the start on %s and names the handlers without one clear access decorator',
    async (_platform, adapter) => {
      const starting = guardedApp(adapter, issuer.options, [
        ForgottenController,
        ContradictoryController,
        OrdersController,
      ]);

      await expect(starting).rejects.toThrow(UnguardedHandlers);
      await expect(starting).rejects.toMatchObject({
        handlers: [
          'ForgottenController.list: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken(), or set `publicControllers: [ForgottenController]` if it is a class of a package',
          'ForgottenController.create: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken(), or set `publicControllers: [ForgottenController]` if it is a class of a package',
          'ContradictoryController.list: has contradictory access decorators, open and restricted',
        ],
      });
    },
  );

  it('accepts controllers of other packages that `publicControllers` lists', async () => {
    const options = { ...issuer.options, publicControllers: [ForgottenController] };
    app = await guardedApp(express, options, [ForgottenController]);

    expect((await request(app.getHttpServer()).get('/forgotten')).status).toBe(200);
  });

  it('lists each handler with its scopes in the table of access rules', async () => {
    app = await guardedApp(express, issuer.options);

    expect(app.get(AccessRules).table()).toContainEqual({
      kind: 'HTTP',
      controller: 'OrdersController',
      handler: 'archive',
      access: 'token',
      scopes: ['orders:read', 'orders:archive'],
      anyScopes: [],
      claims: [],
      policies: [],
    });
  });
});

describe('combination of rules', () => {
  @Controller('open')
  @Public()
  class OpenController {
    @Get()
    open() {}

    @Get('closed')
    @RequireScopes('admin')
    closed() {}

    @Get('twice')
    @RequireScopes('a')
    @RequireScopes('b')
    twice() {}
  }

  it('guards a handler that requires scopes on a public controller', async () => {
    app = await guardedApp(express, issuer.options, [OpenController]);

    expect((await request(app.getHttpServer()).get('/open')).status).toBe(200);
    expect((await request(app.getHttpServer()).get('/open/closed')).status).toBe(401);
  });

  it('requires the scopes of both decorators when a decorator is repeated', async () => {
    app = await guardedApp(express, issuer.options, [OpenController]);
    const token = issuer.accessToken({ scope: 'a' });
    const answer = await request(app.getHttpServer())
      .get('/open/twice')
      .set('Authorization', `Bearer ${token}`);

    expect(answer.headers['www-authenticate']).toContain('scope="b a"');
  });

  it('rejects a scope that is not a scope token (RFC 6749 §3.3)', () => {
    expect(() => RequireScopes('orders:read orders:write')).toThrow(TypeError);
    expect(() => RequireScopes('a"b')).toThrow(TypeError);
  });

  it('answers 500 when a @Public() handler uses @AccessToken()', async () => {
    @Controller('mistake')
    class MistakenController {
      @Get()
      @Public()
      get(@AccessToken() token: AccessToken) {
        return token;
      }
    }
    app = await guardedApp(express, issuer.options, [MistakenController]);

    expect((await request(app.getHttpServer()).get('/mistake')).status).toBe(500);
  });
});

describe('calls without a known rule', () => {
  const createCall = (handler: (...args: never[]) => unknown, transport: string) => {
    const authorization = `Bearer ${issuer.accessToken({ scope: 'orders:read' })}`;
    const request = { headers: { authorization } };
    const context = new ExecutionContextHost([request], OrdersController, handler);
    context.setType(transport);
    return context;
  };

  it.each(['rpc', 'ws', 'graphql', 'carrier-pigeon'])(
    'refuses a call over a transport that was not added: %s',
    async (transport) => {
      const rejections: Rejection[] = [];
      const onRejected = (rejection: Rejection) => rejections.push(rejection);
      app = await guardedApp(express, { ...issuer.options, onRejected });
      const { list } = OrdersController.prototype;

      expect(await app.get(AccessTokenGuard).canActivate(createCall(list, transport))).toBe(false);
      expect(rejections).toEqual([{ reason: 'unsupported_transport', cause: expect.any(Error) }]);
      expect(String(rejections[0]?.cause)).toContain(`.list was called over "${transport}"`);
    },
  );

  class BrokerHandlers {
    @Public()
    open() {}

    @RequireScopes('orders:read')
    guarded() {}

    undeclared() {}
  }

  it.each([
    ['admits a @Public() handler', 'open', 'refuse', true],
    ['refuses a handler without a decorator', 'undeclared', 'refuse', false],
    ['admits a handler without a decorator', 'undeclared', 'reportTemporarily', true],
    ['refuses a handler that requires a scope', 'guarded', 'reportTemporarily', false],
  ] as const)(
    '%s of a message library (%s, undeclaredHandlers: %s)',
    async (_effect, method, undeclaredHandlers, isAdmitted) => {
      app = await guardedApp(express, { ...issuer.options, undeclaredHandlers });
      const context = new ExecutionContextHost(
        [{}],
        BrokerHandlers,
        BrokerHandlers.prototype[method],
      );
      context.setType('rmq');

      expect(await app.get(AccessTokenGuard).canActivate(context)).toBe(isAdmitted);
    },
  );

  it('refuses a call to a handler that the boot audit did not check', async () => {
    app = await guardedApp(express, issuer.options);
    const guard = app.get(AccessTokenGuard);

    const decided = async () => guard.canActivate(createCall(() => {}, 'http'));
    await expect(decided()).rejects.toThrow(InsufficientScope);
  });
});
