import { createHmac, randomUUID } from 'node:crypto';
import { CleanupJob, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { createService } from '@gatehouse/service-kit';
import { TestClock } from '@gatehouse/service-kit/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { JWTPayload } from 'jose';
import { AppModule } from '../../src/app.module.js';
import { serviceOptions } from '../../src/service.js';
import { WebSessionRepository } from '../../src/sessions/web-session.repository.js';
import { webConfig } from '../../src/web.config.js';
import { createClientKey } from '../support/running-web.js';
import { LOGOUT_EVENT, TestIssuer } from '../support/test-issuer.js';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

eachDatabase('back-channel logout (OpenID Connect Back-Channel Logout §2.5 to §2.8)', (fresh) => {
  let issuer: TestIssuer;
  let app: NestFastifyApplication;
  let replica: NestFastifyApplication;
  let sid: string;
  const clock = new TestClock();
  const log: string[] = [];

  beforeAll(async () => {
    issuer = await TestIssuer.create();
    await issuer.start();
    const { dataDir, databaseUrl } = await fresh();
    const config = webConfig({
      DATA_DIR: dataDir,
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      AUTH_ISSUER: issuer.url,
      CLIENT_KEY: createClientKey(),
    });
    const start = async () => {
      const logTo = { write: (line: string) => void log.push(line) };
      const options = { ...serviceOptions(config), logTo };
      const service = await createService(AppModule.forRoot(config, { clock }), options);
      await service.listen(0, '127.0.0.1');
      return service;
    };
    app = await start();
    replica = await start();
  });
  beforeEach(async () => {
    sid = randomUUID();
    await store(sid);
  });
  afterAll(() => Promise.all([app.close(), replica.close(), issuer.stop()]));

  const store = (session: string, on = app) =>
    on.get(WebSessionRepository).insert({
      id: randomUUID(),
      tool: 'shop',
      sub: 'a-user',
      sid: session,
      createdAt: clock.now(),
      usedAt: clock.now(),
      expiresAt: clock.now() + 3_600_000,
      payload: 'sealed',
    });
  const isStored = async (session: string) => {
    const sql = 'SELECT 1 FROM web_session WHERE sid = $1';
    return (await replica.get(UnitOfWork).query(sql, [session])).length > 0;
  };
  const seconds = () => Math.floor(clock.now() / 1000);
  const claims = (more: Record<string, unknown> = {}): JWTPayload =>
    JSON.parse(
      JSON.stringify({
        iss: issuer.url,
        aud: 'web-shop',
        iat: seconds(),
        exp: seconds() + 120,
        jti: randomUUID(),
        events: { [LOGOUT_EVENT]: {} },
        sub: 'a-user',
        sid,
        ...more,
      }),
    );
  /** As the authorization server sends it: without cookies and without the headers of the client's page. */
  async function send(logout_token: string, on = app) {
    const body = new URLSearchParams({ logout_token });
    const url = `${await on.getUrl()}/back-channel-logout`;
    const response = await fetch(url, { method: 'POST', body });
    return { response, text: await response.text() };
  }

  it('ends the session of the sid in the database of all replicas, and no other session (§2.7)', async () => {
    const other = randomUUID();
    await store(other);
    const { response, text } = await send(await issuer.sign(claims()));
    expect([response.status, text]).toEqual([200, '']);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect([await isStored(sid), await isStored(other)]).toEqual([false, true]);
  });

  it('answers 200 for a session that it does not have, because it has ended before (§2.7)', async () => {
    const { response } = await send(await issuer.sign(claims({ sid: randomUUID() })));
    expect(response.status).toBe(200);
  });

  it('accepts an audience in an array, and other claims and events (§2.4)', async () => {
    const events = { [LOGOUT_EVENT]: { reason: 'x' }, 'https://event.example': {} };
    const token = await issuer.sign(claims({ aud: ['web-shop'], events, trace_id: 'x' }));
    expect((await send(token)).response.status).toBe(200);
  });

  type Attack = readonly [reason: string, token: () => string | Promise<string>];
  const HOSTILE: Readonly<Record<string, Attack>> = {
    'text that is no JWT': ['Invalid Compact JWS', () => 'a.b'],
    'an empty text': ['must be one JWT', () => ''],
    'a token of 9,000 characters': [
      'must be one JWT',
      () => issuer.sign(claims({ padding: 'x'.repeat(9_000) })),
    ],
    'a token of the type JWT, as ID tokens have': [
      '"typ"',
      () => issuer.sign(claims(), { typ: 'JWT' }),
    ],
    'a token without a type': ['"typ"', () => issuer.sign(claims(), { typ: undefined })],
    'an access token': ['"typ"', () => issuer.sign(claims(), { typ: 'at+jwt' })],
    'an unsigned token': [
      '"alg"',
      () => `${encode({ alg: 'none', typ: 'logout+jwt' })}.${encode(claims())}.`,
    ],
    'a token with a MAC under the public key': [
      '"alg"',
      () => {
        const header = encode({ alg: 'HS256', typ: 'logout+jwt', kid: 'a-key' });
        const content = `${header}.${encode(claims())}`;
        const mac = createHmac('sha256', JSON.stringify(issuer.publicJwk)).update(content);
        return `${content}.${mac.digest('base64url')}`;
      },
    ],
    'a token of another key with the same kid': [
      'signature verification failed',
      async () => (await TestIssuer.create()).sign(claims()),
    ],
    'a token whose claims were changed': [
      'signature verification failed',
      async () => {
        const [header, , signature] = (await issuer.sign(claims({ sid: 'another' }))).split('.');
        return `${header}.${encode(claims())}.${signature}`;
      },
    ],
    'a token of another issuer': ['"iss"', () => issuer.sign(claims({ iss: 'https://a.example' }))],
    'a token for another client': ['"aud"', () => issuer.sign(claims({ aud: 'web-back-office' }))],
    'a token without an audience': ['"aud"', () => issuer.sign(claims({ aud: undefined }))],
    'a token without iat': ['"iat"', () => issuer.sign(claims({ iat: undefined }))],
    'a token that is six minutes old': [
      'too far in the past',
      () => issuer.sign(claims({ iat: seconds() - 360, exp: seconds() + 60 })),
    ],
    'a token from the future': [
      'it should be in the past',
      () => issuer.sign(claims({ iat: seconds() + 120, exp: seconds() + 240 })),
    ],
    'an expired token': [
      '"exp"',
      () => issuer.sign(claims({ iat: seconds() - 200, exp: seconds() - 40 })),
    ],
    'a token without exp': ['"exp"', () => issuer.sign(claims({ exp: undefined }))],
    'a token without events': ['claim events', () => issuer.sign(claims({ events: undefined }))],
    'a token with a list of events': [
      'claim events',
      () => issuer.sign(claims({ events: [LOGOUT_EVENT] })),
    ],
    'a token with another event': [
      'claim events',
      () => issuer.sign(claims({ events: { 'https://event.example': {} } })),
    ],
    'a token with a text as event': [
      'claim events',
      () => issuer.sign(claims({ events: { [LOGOUT_EVENT]: '' } })),
    ],
    'a token with a nonce': ['claim nonce', () => issuer.sign(claims({ nonce: 'x' }))],
    'a token without sid, for all sessions of the user': [
      'claim sid',
      () => issuer.sign(claims({ sid: undefined })),
    ],
    'a token with a number as sid': ['claim sid', () => issuer.sign(claims({ sid: 1 }))],
    'a token without jti': ['claim jti', () => issuer.sign(claims({ jti: undefined }))],
  };
  it.each(Object.entries(HOSTILE))(
    'rejects %s, and the session goes on (§2.6)',
    async (_, attack) => {
      const [reason, token] = attack;
      const { response, text } = await send(await token());
      expect(response.status).toBe(400);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(JSON.parse(text)).toEqual({
        error: 'invalid_request',
        error_description: expect.stringContaining(reason),
      });
      expect(await isStored(sid)).toBe(true);
    },
  );

  it('rejects a repeated parameter, JSON that is no object, and a request without content', async () => {
    const url = `${await app.getUrl()}/back-channel-logout`;
    const token = await issuer.sign(claims());
    const form = `logout_token=${token}&logout_token=${token}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const bodies = [
      { headers, body: form },
      { headers, body: '' },
      { headers: { 'content-type': 'application/json' }, body: '[]' },
      {},
    ];
    for (const each of bodies) {
      expect((await fetch(url, { method: 'POST', ...each })).status).toBe(400);
    }
    expect(await isStored(sid)).toBe(true);
  });

  it('accepts a token once when ten requests send it to two replicas (§2.6, jti)', async () => {
    const token = await issuer.sign(claims());
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => send(token, n % 2 === 0 ? app : replica)),
    );
    const statuses = answers.map(({ response }) => response.status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 400)]);
  });

  it('answers 503 to a token with an unknown key, and requests the keys once for twenty of them', async () => {
    await send(await issuer.sign(claims({ sid: randomUUID() })));
    const before = issuer.keySetRequests;
    const unknown = await issuer.sign(claims(), { kid: 'another-key' });
    for (let n = 0; n < 20; n += 1) {
      const { response } = await send(unknown);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    }
    expect(issuer.keySetRequests - before).toBeLessThanOrEqual(1);
    expect(await isStored(sid)).toBe(true);
  });

  it('keeps no session that a sign-in stores after its logout token arrived', async () => {
    const late = randomUUID();
    await send(await issuer.sign(claims({ sid: late })));
    await store(late, replica);
    expect(await isStored(late)).toBe(false);
  });

  it('keeps no session that a sign-in stores at the moment at which its logout token arrives', async () => {
    const sids = Array.from({ length: 20 }, () => randomUUID());
    await Promise.all(
      sids.map(async (each) => {
        const token = await issuer.sign(claims({ sid: each }));
        const [{ response }] = await Promise.all([send(token), store(each, replica)]);
        expect(response.status).toBe(200);
      }),
    );
    expect(await Promise.all(sids.map(isStored))).toEqual(sids.map(() => false));
  });

  it('tells the operator why it rejected a token, and logs no token', async () => {
    const token = await issuer.sign(claims({ nonce: 'x' }));
    await send(token);
    expect(log.join()).toContain('rejected a logout token: claim nonce: must not be there');
    expect(log.join()).not.toContain(token.split('.')[2]);
  });

  it('forgets tokens after ten minutes, when no check accepts them any more', async () => {
    const token = await issuer.sign(claims());
    await send(token);
    clock.advance({ seconds: 601 });
    await app.get(CleanupJob).run(new AbortController().signal);
    expect(await app.get(UnitOfWork).query('SELECT 1 FROM ended_session')).toEqual([]);
    expect((await send(token)).response.status).toBe(400);
  });
});

describe('back-channel logout while the authorization server is down', () => {
  it('answers 503 until the keys can be read, so that the sender comes again (§2.8)', async () => {
    const issuer = await TestIssuer.create();
    await issuer.start();
    await issuer.stop();
    const config = webConfig({ AUTH_ISSUER: issuer.url, CLIENT_KEY: createClientKey() });
    const app = await createService(AppModule.forRoot(config), {
      ...serviceOptions(config),
      logTo: { write: () => undefined },
    });
    await app.listen(0, '127.0.0.1');
    const now = Math.floor(Date.now() / 1000);
    const sign = () =>
      issuer.sign({
        ...{ iss: issuer.url, aud: 'web-shop', iat: now, exp: now + 120, jti: randomUUID() },
        ...{ events: { [LOGOUT_EVENT]: {} }, sid: 'a-session' },
      });
    const send = async () =>
      fetch(`${await app.getUrl()}/back-channel-logout`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: await sign() }),
      });
    expect((await send()).status).toBe(503);
    await issuer.start();
    expect((await send()).status).toBe(200);
    await app.close();
    await issuer.stop();
  });
});
