import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import {
  ALGORITHMS,
  type IssuerOptions,
  type ResourceServerOptions,
  TrustedIssuers,
} from '../../src/index.js';
import { generateSigningKey, TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';
import { guardedApp, platforms } from '../support/guarded-app.js';
import { it } from '../support/slow-test.js';

describe.each(platforms)('pitfalls of a common Nest stack on %s', (_platform, adapter) => {
  let issuer: TestIssuer;
  let apps: INestApplication[];

  beforeEach(async () => {
    issuer = await TestIssuer.start();
    apps = [];
  });
  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await issuer.close();
  });

  async function appWith(
    options: Partial<ResourceServerOptions & IssuerOptions> = {},
  ): Promise<INestApplication> {
    const app = await guardedApp(adapter, { ...issuer.options, ...options });
    apps.push(app);
    return app;
  }
  const status = async (app: INestApplication, token: string) =>
    (await request(app.getHttpServer()).get('/orders').set('Authorization', `Bearer ${token}`))
      .status;
  const scope = 'orders:read';

  it('refuses a foreign issuer and a foreign audience', async () => {
    const app = await appWith();

    expect(await status(app, issuer.accessToken({ scope }))).toBe(200);
    expect(await status(app, issuer.accessToken({ scope, iss: 'https://other.example' }))).toBe(
      401,
    );
    expect(await status(app, issuer.accessToken({ scope, aud: 'https://other.example' }))).toBe(
      401,
    );
  });

  it('refuses a missing exp, an unknown crit, an ID token, and another algorithm of the same key', async () => {
    const key = issuer.rotate(generateSigningKey('RS256'));
    const app = await appWith({ algorithms: ALGORITHMS });
    const pss = { ...key, algorithm: 'PS512' as const };

    expect(await status(app, issuer.accessToken({ scope }))).toBe(200);
    expect(await status(app, issuer.accessToken({ scope, exp: undefined }))).toBe(401);
    for (const header of [{ crit: ['exp'], exp: 1 }, { typ: 'JWT' }, { typ: undefined }]) {
      expect(await status(app, issuer.accessToken({ scope }, { header }))).toBe(401);
    }
    const header = { alg: 'PS512' };
    expect(await status(app, issuer.accessToken({ scope }, { header, signedBy: pss }))).toBe(401);
  });

  it('answers "Bearer a b" with 400 and does not read the token a', async () => {
    expect(await status(await appWith(), `${issuer.accessToken({ scope })} b`)).toBe(400);
  });

  it('answers 503 with Retry-After and without a challenge during an outage of the issuer', async () => {
    issuer.fail();
    const app = await appWith();
    const answer = await request(app.getHttpServer())
      .get('/orders')
      .set('Authorization', `Bearer ${issuer.accessToken({ scope })}`);

    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.headers).not.toHaveProperty('www-authenticate');
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      message: 'Service Unavailable',
    });
  });

  it('accepts a valid token during a flood of random kids and while the key server stalls', async () => {
    const clock = new TestClock();
    const app = await appWith({ ...clock.options, keySet: { timeoutMs: 250 } });
    const valid = issuer.accessToken({ scope, exp: clock.now() / 1000 + 3600 });
    expect(await status(app, valid)).toBe(200);
    clock.advance({ seconds: 11 });

    for (let i = 0; i < 50; i += 1) {
      expect(
        await status(app, issuer.accessToken({ scope }, { header: { kid: `random-${i}` } })),
      ).toBe(401);
      expect(await status(app, valid)).toBe(200);
    }
    expect(issuer.fetches).toBe(2);

    issuer.stall();
    clock.advance({ seconds: 301 });
    expect(await status(app, valid)).toBe(200);
    expect(await status(app, issuer.accessToken({ scope }, { header: { kid: 'new' } }))).toBe(503);
  });

  it('keeps two applications in one process apart', async () => {
    const orders = await appWith({ audience: 'https://orders.example' });
    const billing = await appWith({ audience: 'https://billing.example' });
    const ordersToken = issuer.accessToken({ scope, aud: 'https://orders.example' });
    const billingToken = issuer.accessToken({ scope, aud: 'https://billing.example' });

    expect(await status(orders, ordersToken)).toBe(200);
    expect(await status(billing, ordersToken)).toBe(401);
    expect(await status(orders, billingToken)).toBe(401);
    expect(await status(billing, billingToken)).toBe(200);
  });

  it('answers each of many parallel requests with its own subject', async () => {
    const app = await appWith();
    const tokens = Array.from({ length: 40 }, (_, i) =>
      issuer.accessToken({ scope, sub: `user-${i}` }),
    );
    const subjects = await Promise.all(
      tokens.map(async (token) => {
        const answer = await request(app.getHttpServer())
          .get('/orders')
          .set('Authorization', `Bearer ${token}`);
        return answer.body.subject;
      }),
    );
    expect(subjects).toEqual(tokens.map((_, i) => `user-${i}`));
  });

  it('sends a challenge with every refusal and reports its reason', async () => {
    const reasons: string[] = [];
    const app = await appWith({ onRejected: ({ reason }) => reasons.push(reason) });
    const get = (token: string) =>
      request(app.getHttpServer()).get('/orders').set('Authorization', `Bearer ${token}`);

    expect((await get(issuer.accessToken({ exp: 1 }))).headers['www-authenticate']).toContain(
      'error="invalid_token"',
    );
    expect((await get(issuer.accessToken())).headers['www-authenticate']).toContain(
      'error="insufficient_scope", scope="orders:read"',
    );
    expect(reasons).toEqual(['expired', 'insufficient_scope']);
  });

  it('parses a key once and reuses its KeyObject', async () => {
    const app = await appWith();
    const keys = app.get(TrustedIssuers).verifier.issuers.named(issuer.issuer)?.keySet;
    const before = await keys?.find(issuer.signingKey.kid);
    await status(app, issuer.accessToken({ scope }));

    expect(before?.publicKey.type).toBe('public');
    expect(await keys?.find(issuer.signingKey.kid)).toBe(before);
  });

  it('fetches a set of a hundred keys once', async () => {
    const { algorithm } = issuer.signingKey;
    const keys = Array.from({ length: 100 }, () => issuer.rotate(generateSigningKey(algorithm)));
    const app = await appWith();

    for (const signedBy of keys) {
      const token = issuer.accessToken({ scope }, { signedBy, header: { kid: signedBy.kid } });
      expect(await status(app, token)).toBe(200);
    }
    expect(issuer.fetches).toBe(1);
  });

  it.each(ALGORITHMS)('accepts a token that is signed with %s', async (algorithm) => {
    const key = issuer.rotate(generateSigningKey(algorithm));
    const app = await appWith({ algorithms: [key.algorithm] });

    expect(await status(app, issuer.accessToken({ scope }))).toBe(200);
  });
});
