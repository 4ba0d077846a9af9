import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Module,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import request from 'supertest';
import { findVerifiedToken, setVerifiedToken } from '../../src/nest/verified-token.js';
import { AccessToken, GuardsModule, OptionalToken } from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { platforms, start } from '../support/guarded-app.js';
import { aStrategy } from '../support/factories.js';

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
  const token = await aStrategy(issuer.options).validate(issuer.accessToken());
  const admitted = call({});
  setVerifiedToken(admitted, token);

  expect(findVerifiedToken(call({ user: { ...token, subject: 'root' } }))).toBeUndefined();
  expect(findVerifiedToken(admitted)).toBe(token);
});
