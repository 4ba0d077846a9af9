import { Controller, Get, type INestApplication } from '@nestjs/common';
import request from 'supertest';
import {
  AccessToken,
  Claim,
  type GuardsOptions,
  InsufficientScope,
  type Rejection,
  RequireScopes,
} from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { guardedApp, platforms } from '../support/guarded-app.js';

@Controller()
@RequireScopes('orders:read')
class OrdersController {
  @Get('tenant')
  ofTenant(@Claim('tenant') tenant: string) {
    return { tenant };
  }

  @Get('decides-itself')
  decidesItself(@AccessToken() { scopes }: AccessToken) {
    if (!scopes.has('orders:any')) throw new InsufficientScope(['orders:any']);
  }
}

let issuer: TestIssuer;
let app: INestApplication;

beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

describe.each(platforms)('option `onRejected` on %s', (_platform, adapter) => {
  const start = async (onRejected: GuardsOptions['onRejected']) => {
    app = await guardedApp(adapter, { ...issuer.options, onRejected }, [OrdersController]);
  };
  const get = (path: string, scope = 'orders:read') =>
    request(app.getHttpServer())
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken({ scope })}`);

  it.each([
    ['a parameter', '/tenant', 'insufficient_claims'],
    ['the handler itself', '/decides-itself', 'insufficient_scope'],
  ])('receives a refusal by %s once', async (_who, path, reason) => {
    const rejections: Rejection[] = [];
    await start((rejection) => rejections.push(rejection));

    expect((await get(path)).status).toBe(403);
    expect(rejections).toHaveLength(1);
    const request = { method: 'GET', path };
    expect(rejections).toMatchObject([{ reason, issuer: issuer.issuer, request }]);
  });

  it('receives a refusal by the guard once, although the exception filter handles it, too', async () => {
    const rejections: Rejection[] = [];
    await start((rejection) => rejections.push(rejection));

    expect((await get('/tenant', 'x')).status).toBe(403);
    expect(rejections.map(({ reason }) => reason)).toEqual(['insufficient_scope']);
  });

  it('learns which refusals are by an outage that was reported before', async () => {
    const rejections: Rejection[] = [];
    await start((rejection) => rejections.push(rejection));
    issuer.fail();

    for (let sent = 0; sent < 3; sent += 1) expect((await get('/tenant')).status).toBe(503);
    expect(rejections.map(({ isKnownOutage }) => isKnownOutage)).toEqual([undefined, true, true]);
  });

  it.each<[fault: string, onRejected: () => void]>([
    [
      'throws',
      () => {
        throw new Error('the log is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the log server is unreachable'))],
  ])('changes no answer and ends no process when the callback %s', async (_how, onRejected) => {
    await start(onRejected);

    for (const path of ['/tenant', '/decides-itself']) {
      const answer = await get(path);
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([
        403,
        expect.stringContaining('error="insufficient_scope"'),
      ]);
    }
    expect((await request(app.getHttpServer()).get('/tenant')).status).toBe(401);
  });
});
