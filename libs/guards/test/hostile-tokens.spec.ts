import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import type { Rejection } from '../src/index.js';
import { TestIssuer } from '../testing/index.js';
import { forgedTokens } from './forgeries/index.js';
import { guardedApp, platforms } from './guarded-app.js';

describe.each(platforms)('hostile tokens on %s', (_platform, adapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  const rejections: Rejection[] = [];

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const options = {
      ...issuer.options,
      onRejected: (rejection: Rejection) => rejections.push(rejection),
    };
    app = await guardedApp(adapter, options);
  });
  beforeEach(() => rejections.splice(0));
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const get = (token: string) =>
    request(app.getHttpServer()).get('/orders').set('Authorization', `Bearer ${token}`);

  it.each(forgedTokens)('401 invalid_token: %s → %s', async (_name, reason, forge) => {
    const answer = await get(forge(issuer));

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer error="invalid_token", error_description="This access token is not valid here", ' +
        'resource_metadata="https://api.example/.well-known/oauth-protected-resource"',
    );
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toEqual({ type: 'about:blank', title: 'Unauthorized', status: 401 });
    expect(rejections).toMatchObject([{ reason, issuer: issuer.issuer }]);
  });

  it.each([
    ['typ in capitals', {}, { typ: 'AT+JWT' }],
    ['typ with its prefix (RFC 9068 §2.1)', {}, { typ: 'application/at+jwt' }],
    [
      'aud with others (RFC 7519 §4.1.3)',
      { aud: ['https://other.example', 'https://api.example'] },
      {},
    ],
    ['exp within the tolerance', { exp: Math.floor(Date.now() / 1000) + 1 - 3 }, {}],
    [
      'names that only look repeated',
      { act: { sub: 'a"sub":', x: ['sub', ':'] }, '{"a":1': ':' },
      {},
    ],
  ])('200: %s', async (_name, claims, header) => {
    const answer = await get(issuer.accessToken({ scope: 'orders:read', ...claims }, { header }));

    expect(answer.body).toEqual({ subject: 'alice', scopes: ['orders:read'] });
    expect(answer.status).toBe(200);
    expect(rejections).toEqual([]);
  });

  it('asks nobody for the keys that a token brings (RFC 8725 §3.10)', async () => {
    const attacker = await TestIssuer.start();
    const uri = attacker.jwksUri;
    const header = { jku: uri, x5u: uri, kid: attacker.signingKey.kid };
    const claims = { iss: attacker.issuer, scope: 'orders:read' };

    const answer = await get(issuer.accessToken(claims, { header, signedBy: attacker.signingKey }));

    expect(answer.status).toBe(401);
    expect(attacker.fetches).toBe(0);
    await attacker.close();
  });

  it('tells the observer which key was named', async () => {
    await get(issuer.accessToken({ exp: 1 }));

    expect(rejections).toEqual([
      { reason: 'expired', issuer: issuer.issuer, kid: issuer.signingKey.kid },
    ]);
  });
});
