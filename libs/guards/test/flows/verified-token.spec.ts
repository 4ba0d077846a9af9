import {
  type CanActivate,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  type INestApplication,
  Module,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { NO_DECLARATION } from '../../src/nest/decorators.js';
import { findVerifiedToken, setAdmission } from '../../src/nest/verified-token.js';
import {
  AccessToken,
  AccessTokenGuard,
  GuardsModule,
  type GuardsOptions,
  OptionalToken,
  Public,
  RequireScopes,
} from '../../src/index.js';
import { expectGuarded, TestIssuer } from '../../testing/index.js';
import { OrdersController, platforms, start } from '../support/guarded-app.js';
import { anAuthenticator } from '../support/factories.js';

@Controller()
@OptionalToken()
class GreetingsController {
  @Get('greeting')
  greet(@AccessToken() token: AccessToken | undefined) {
    return { hello: token?.subject ?? 'stranger' };
  }
}

/** Sets `user` of the request, like session middleware and other strategies of passport. */
class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<{ user?: object }>().user = { subject: 'root' };
    return true;
  }
}

const silent = { log: () => {}, warn: () => {}, debug: () => {} };

let issuer: TestIssuer;
let app: INestApplication | undefined;

beforeAll(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(() => issuer.close());

it.each(platforms)(
  'ignores a `user` that another guard set on the request, on %s',
  async (_, adapter) => {
    @Module({ providers: [{ provide: APP_GUARD, useClass: SessionGuard }] })
    class SessionsModule {}
    app = await start(
      adapter,
      [SessionsModule, GuardsModule.forRoot(issuer.options)],
      [GreetingsController],
    );
    const server = app.getHttpServer();
    const greeting = () => request(server).get('/greeting');
    const token = issuer.accessToken();

    expect((await greeting()).body).toEqual({ hello: 'stranger' });
    expect((await greeting().set('Authorization', `Bearer ${token}`)).body).toEqual({
      hello: 'alice',
    });
  },
);

it.each([
  ['before', true],
  ['after', false],
])(
  'passes the verified token to the handler although a guard that runs %s it sets `user`',
  async (_order, isFirst) => {
    @Module({ providers: [{ provide: APP_GUARD, useClass: SessionGuard }] })
    class SessionsModule {}
    const guards = GuardsModule.forRoot(issuer.options);
    const imports = isFirst ? [SessionsModule, guards] : [guards, SessionsModule];
    for (const [, adapter] of platforms) {
      app = await start(adapter, imports, [OrdersController]);
      expect(await expectGuarded(app, issuer)).toContain('GET /orders');
      const token = issuer.accessToken({ scope: 'orders:read' });
      const answer = await request(app.getHttpServer())
        .get('/orders')
        .set('Authorization', `Bearer ${token}`);

      expect([answer.status, answer.body]).toMatchObject([200, { subject: 'alice' }]);
      await app.close();
    }
    app = undefined;
  },
);

it.each(platforms)(
  'passes the verified token although another guard makes `user` of the request read-only, on %s',
  async (_, adapter) => {
    class FreezingGuard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const call = context.switchToHttp().getRequest<object>();
        Object.defineProperty(call, 'user', { value: { subject: 'root' }, writable: false });
        return true;
      }
    }
    @Module({ providers: [{ provide: APP_GUARD, useClass: FreezingGuard }] })
    class FreezingModule {}
    app = await start(adapter, [FreezingModule, GuardsModule.forRoot(issuer.options)]);
    const token = issuer.accessToken({ scope: 'orders:read' });
    const answer = await request(app.getHttpServer())
      .get('/orders')
      .set('Authorization', `Bearer ${token}`);

    expect([answer.status, answer.body]).toMatchObject([200, { subject: 'alice' }]);
  },
);

describe('handler that reads a token which was not verified', () => {
  async function readError(
    access: MethodDecorator,
    isReplaced: boolean,
    create: (options: GuardsOptions) => DynamicModule = GuardsModule.forRoot,
  ): Promise<unknown> {
    @Controller()
    class ReportsController {
      @Get('report')
      @access
      report(@AccessToken() token: AccessToken) {
        return token;
      }
    }
    const errors: unknown[] = [];
    const imports = [create(issuer.options)];
    const builder = Test.createTestingModule({ imports, controllers: [ReportsController] });
    if (isReplaced) builder.overrideProvider(AccessTokenGuard).useClass(SessionGuard);
    const testing = await builder.compile();
    app = testing.createNestApplication({ logger: { ...silent, error: (e) => errors.push(e) } });
    await app.listen(0, '127.0.0.1');
    await request(app.getHttpServer()).get('/report').expect(500);
    return errors[0];
  }

  it('names TestIssuer when a test has replaced the guard', async () => {
    expect(await readError(RequireScopes('reports:read'), true)).toMatchObject({
      message: expect.stringMatching(/ReportsController\.report .*replaced.*TestIssuer/),
    });
  });

  it('asks for the guard when forFeature() is used without it', async () => {
    const message = await readError(UseGuards(SessionGuard), false, GuardsModule.forFeature);
    expect(message).toMatchObject({
      message: expect.stringMatching(
        /requires no token.*forFeature.*@UseGuards\(AccessTokenGuard\)/,
      ),
    });
  });

  it('asks for a requirement when another guard decides about the handler', async () => {
    const create = (options: GuardsOptions) =>
      GuardsModule.forRoot({ ...options, guardedElsewhere: ['ReportsController'] });
    expect(await readError(UseGuards(SessionGuard), false, create)).toMatchObject({
      message: expect.stringMatching(/ReportsController\.report .*requires no token/),
    });
  });

  it('asks for a requirement when the handler is public', async () => {
    expect(await readError(Public(), false)).toMatchObject({
      message: expect.stringMatching(
        /ReportsController\.report .*requires no token.*@RequireScopes/,
      ),
    });
  });
});

it('ignores a `user` in the data of a message whose transport has no context', async () => {
  const call = (data: object) => {
    const context = new ExecutionContextHost(
      [data],
      GreetingsController,
      GreetingsController.prototype.greet,
    );
    context.setType('rpc');
    return context;
  };
  const token = await anAuthenticator(issuer.options).verifyToken(issuer.accessToken());
  const admitted = call({});
  const rule = { ...NO_DECLARATION, access: 'token' as const, policies: [] };
  setAdmission(admitted, { token, rule });

  expect(findVerifiedToken(call({ user: { ...token, subject: 'root' } }))).toBeUndefined();
  expect(findVerifiedToken(admitted)).toBe(token);
});
