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

  @Get('patient')
  @RequireRecentLogin({ seconds: 86_400 })
  patient() {}
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
    ['just now', 0],
    ['five minutes ago, to the second', 300],
    ['five minutes ago, and as much as clocks may differ', 300 + TOLERANCE],
    ['in the future, within what clocks may differ', -TOLERANCE],
  ])('a login of %s is recent', async (_name, age) => {
    expect((await get('/refunds/large', { auth_time: NOW - age })).status).toBe(200);
    expect(rejections).toEqual([]);
  });

  it.each([
    ['older than that', { auth_time: NOW - 300 - TOLERANCE - 1 }],
    ['of years ago', { auth_time: 0 }],
    ['of the future', { auth_time: NOW + TOLERANCE + 1 }],
    ['that the token does not tell of', {}],
  ])('a login %s is not: 401, and how recent it must be', async (_name, claims) => {
    const answer = await get('/refunds/large', claims);

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(
      /^Bearer error="insufficient_user_authentication", error_description="A more recent login is required", max_age="300"/,
    );
    expect(answer.body).toEqual({ type: 'about:blank', title: 'Unauthorized', status: 401 });
    expect(rejections).toMatchObject([{ reason: 'login_too_old', issuer: issuer.issuer }]);
  });

  it('the token is the same one the second time: it is remembered, and judged anew', async () => {
    const token = issuer.accessToken({ scope: 'refund', auth_time: NOW - 400 });
    for (const _ of ['first', 'second', 'third']) {
      const call = request(app.getHttpServer()).get('/refunds/large');
      expect((await call.set('Authorization', `Bearer ${token}`)).status).toBe(401);
    }
  });

  it('a scope that is missing is told first: logging in again would not help', async () => {
    const answer = await get('/refunds/large', { scope: 'other', auth_time: 0 });

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain('scope="refund"');
  });

  it('of controller and handler the stricter one counts, and it is a requirement by itself', async () => {
    expect((await get('/refunds/small', { auth_time: NOW - 3600 })).status).toBe(200);
    for (const path of ['/refunds/small', '/refunds/patient']) {
      const answer = await get(path, { auth_time: NOW - 3700 });
      expect(answer.headers['www-authenticate']).toContain('max_age="3600"');
    }
    expect((await request(app.getHttpServer()).get('/refunds/small')).status).toBe(401);
  });

  it('the table says it, as plain data', () => {
    const table = app.get(AccessRules).table();
    const ages = table.flatMap(({ handler, maxLoginAge }) => [[handler, maxLoginAge]]);

    expect(ages).toEqual(
      expect.arrayContaining([
        ['small', 3600],
        ['large', 300],
        ['patient', 3600],
      ]),
    );
    expect(JSON.parse(JSON.stringify(table))).toEqual(table);
  });
});

it.each([0, -1, 0.5, 86_401, Number.NaN, Infinity])(
  'a login that may be %s seconds ago is a mistake in the program',
  (seconds) => {
    expect(() => RequireRecentLogin({ seconds })).toThrow(RangeError);
  },
);
