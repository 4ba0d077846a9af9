import { Controller, Get, type INestApplication } from '@nestjs/common';
import request from 'supertest';
import { AccessRules, type Rejection, RequireRecentLogin, RequireScopes } from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { guardedApp, platforms } from '../support/guarded-app.js';

const NOW = Date.UTC(2026, 10, 25) / 1000;
const TOLERANCE = 5;

@Controller('refunds')
@RequireRecentLogin({ seconds: 3600 })
class RefundsController {
  @Get('small')
  small() {}

  @Get('large')
  @RequireScopes('refund')
  @RequireRecentLogin({ seconds: 300 })
  large() {}

  @Get('day')
  @RequireRecentLogin({ seconds: 86_400 })
  day() {}
}

describe.each(platforms)('step-up authentication (RFC 9470 §3), on %s', (_platform, adapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  const rejections: Rejection[] = [];

  beforeAll(async () => {
    const now = () => NOW * 1000;
    issuer = await TestIssuer.start({ now });
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    const options = { ...issuer.options, clockToleranceSeconds: TOLERANCE, now, onRejected };
    app = await guardedApp(adapter, options, [RefundsController]);
  });
  beforeEach(() => rejections.splice(0));
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const get = (path: string, claims: Record<string, unknown>) =>
    request(app.getHttpServer())
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken({ scope: 'refund', ...claims })}`);

  it.each([
    ['at this second', 0],
    ['five minutes ago, to the second', 300],
    ['five minutes and the clock tolerance ago', 300 + TOLERANCE],
    ['in the future, within the clock tolerance', -TOLERANCE],
  ])('accepts a login %s', async (_name, age) => {
    expect((await get('/refunds/large', { auth_time: NOW - age })).status).toBe(200);
    expect(rejections).toEqual([]);
  });

  it.each([
    ['that is older than five minutes', { auth_time: NOW - 300 - TOLERANCE - 1 }],
    ['in 1970', { auth_time: 0 }],
    ['beyond the clock tolerance in the future', { auth_time: NOW + TOLERANCE + 1 }],
    ['without a time in the token', {}],
  ])('refuses a login %s and sends max_age', async (_name, claims) => {
    const answer = await get('/refunds/large', claims);

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(
      /^Bearer error="insufficient_user_authentication", error_description="A more recent login is required", max_age="300"/,
    );
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      message: 'Unauthorized',
    });
    expect(rejections).toMatchObject([{ reason: 'login_too_old', issuer: issuer.issuer }]);
  });

  it('refuses a cached token with an old login each time', async () => {
    const token = issuer.accessToken({ scope: 'refund', auth_time: NOW - 400 });
    for (const _use of ['first', 'second', 'third']) {
      const call = request(app.getHttpServer()).get('/refunds/large');
      expect((await call.set('Authorization', `Bearer ${token}`)).status).toBe(401);
    }
  });

  it('reports a missing scope first, because another login would not add it', async () => {
    const answer = await get('/refunds/large', { scope: 'other', auth_time: 0 });

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain('scope="refund"');
  });

  it('applies the stricter age of controller and handler, also without other requirements', async () => {
    expect((await get('/refunds/small', { auth_time: NOW - 3600 })).status).toBe(200);
    for (const path of ['/refunds/small', '/refunds/day']) {
      const answer = await get(path, { auth_time: NOW - 3700 });
      expect(answer.headers['www-authenticate']).toContain('max_age="3600"');
    }
    expect((await request(app.getHttpServer()).get('/refunds/small')).status).toBe(401);
  });

  it('lists the maximum age in the table of access rules as plain data', () => {
    const table = app.get(AccessRules).table();
    const ages = table.flatMap(({ handler, maxLoginAge }) => [[handler, maxLoginAge]]);

    expect(ages).toEqual(
      expect.arrayContaining([
        ['small', 3600],
        ['large', 300],
        ['day', 3600],
      ]),
    );
    expect(JSON.parse(JSON.stringify(table))).toEqual(table);
  });
});

it.each([0, -1, 0.5, 86_401, Number.NaN, Infinity])(
  'rejects a maximum age of %s seconds',
  (seconds) => {
    expect(() => RequireRecentLogin({ seconds })).toThrow(RangeError);
  },
);
