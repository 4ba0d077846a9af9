import { setTimeout } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { type Rejection, TrustedIssuers } from '../../../src/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { TestClock } from '../../support/test-clock.js';
import { guardedApp, platforms } from '../../support/guarded-app.js';
import { waitUntil } from '../../support/wait-until.js';
import { it } from '../../support/slow-test.js';

let clock: TestClock;
let issuer: TestIssuer;
let app: INestApplication;
let rejections: Rejection[];

beforeEach(async () => {
  clock = new TestClock();
  rejections = [];
  issuer = await TestIssuer.start({ now: clock.now, hasStatusList: true });
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

const guards = () => ({
  ...issuer.options,
  ...clock.options,
  onRejected: (rejection: Rejection) => rejections.push(rejection),
});

describe.each(platforms)('status of a token on %s', (_platform, adapter) => {
  async function send(token: string): Promise<Response> {
    const answer = await fetch(`${await app.getUrl()}/orders`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await answer.arrayBuffer();
    return answer;
  }

  it('answers 401 invalid_token to a revoked token, and only `onRejected` receives the reason', async () => {
    app = await guardedApp(adapter, guards());
    await app.get(TrustedIssuers).ready();
    const token = issuer.accessToken({ scope: 'orders:read' });
    expect((await send(token)).status).toBe(200);
    issuer.revoke(token);
    clock.advance({ seconds: 10 });
    await waitUntil(async () => (await send(token)).status === 401);
    const { headers } = await send(token);

    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(rejections).toMatchObject([
      { reason: 'revoked', issuer: issuer.issuer },
      { reason: 'revoked', kid: issuer.signingKey.kid },
    ]);
  });

  it('answers 503 with Retry-After and no challenge while the list is unavailable (RFC 9110 §10.2.3)', async () => {
    issuer.statusList.fail();
    app = await guardedApp(adapter, guards());
    const token = issuer.accessToken({ scope: 'orders:read' });
    expect((await send(token)).status).toBe(200);
    clock.advance({ seconds: 10 });
    const { status, headers } = await send(token);

    expect([status, headers.get('www-authenticate')]).toEqual([503, null]);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(rejections).toMatchObject([{ reason: 'status_unavailable' }]);
  });
});

it('refreshes status lists without requests, until the application closes', async () => {
  app = await guardedApp(() => new ExpressAdapter(), {
    ...guards(),
    statusLists: { maxAgeSeconds: 1 },
  });
  await app.get(TrustedIssuers).ready();
  await waitUntil(() => issuer.statusList.fetches >= 2);
  await app.close();
  const { fetches } = issuer.statusList;
  await setTimeout(700); // The next fetch would start half a second after the previous one.
  expect(issuer.statusList.fetches).toBe(fetches);
});
