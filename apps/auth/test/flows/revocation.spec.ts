import { eachDatabase } from '@gatehouse/persistence/testing';
import * as oauth from 'oauth4webapi';
import { aSession, refreshSession } from '../support/factories.js';
import { decodeClaims, PHOTOS, TestAuth, toBasicAuthorization } from '../support/test-auth.js';

const ISSUER = 'http://localhost:3000';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const AS = 'web-app:secret';

eachDatabase('revocation (RFC 7009)', (fresh) => {
  let auth: TestAuth;
  beforeAll(async () => {
    const { databaseUrl, dataDir } = await fresh();
    const url = databaseUrl !== undefined && { DATABASE_URL: databaseUrl };
    auth = await TestAuth.start({ DATA_DIR: dataDir, ...url });
    await auth.registerClient({ id: 'web-app', secret: 'secret', scope: ['photos:read'] });
    await auth.registerClient({ id: 'other-app', secret: 'secret', scope: ['photos:read'] });
    await auth.registerClient({ id: 'native-app', grantTypes: ['refresh_token'] });
    await auth.registerClient({
      id: 'photos-service',
      secret: 'secret',
      grantTypes: [EXCHANGE],
      scope: ['photos:read'],
      resourceServer: PHOTOS,
      exchangeTargets: [PHOTOS],
    });
  });
  afterAll(() => auth.stop());

  const post = (path: string, parameters: Record<string, string>, as?: string) =>
    auth.send(path, {
      method: 'POST',
      body: new URLSearchParams(parameters),
      ...(as !== undefined && { headers: { authorization: toBasicAuthorization(as) } }),
    });
  const revoke = (token: string, { as = AS, ...more }: Record<string, string> = {}) =>
    post('/oauth/revoke', { token, ...more }, as === '' ? undefined : as);
  const refresh = (refresh_token: string, as = AS) =>
    auth.token({ grant_type: 'refresh_token', refresh_token }, as);
  const isActive = async (token: string, as = AS) => {
    const { text } = await post('/oauth/introspect', { token }, as);
    return JSON.parse(text).active;
  };

  it.each([
    ['no hint', {}],
    ['the right hint', { token_type_hint: 'refresh_token' }],
    ['a wrong hint', { token_type_hint: 'access_token' }],
    ['an unknown hint', { token_type_hint: 'pet' }],
  ])(
    'revokes the session and the access tokens of a refresh token with %s (§2.1)',
    async (_, hint) => {
      const { access, refresh: token } = await refreshSession(
        auth,
        await aSession(auth, 'web-app'),
        {
          as: AS,
        },
      );
      expect(await isActive(access)).toBe(true);

      const { status, headers, text } = await revoke(token, hint);
      expect([status, headers.get('content-type'), text]).toEqual([
        200,
        'application/json; charset=utf-8',
        '{}',
      ]);
      expect(headers.get('cache-control')).toBe('no-store');
      expect((await refresh(token)).body['error']).toBe('invalid_grant');
      expect(await isActive(access)).toBe(false);
    },
  );

  it.each([
    ['no hint', {}],
    ['a wrong hint', { token_type_hint: 'refresh_token' }],
  ])('revokes the session of an access token with %s', async (_, hint) => {
    const pair = await refreshSession(auth, await aSession(auth, 'web-app'), { as: AS });
    expect((await revoke(pair.access, hint)).status).toBe(200);
    expect((await refresh(pair.refresh)).body['error']).toBe('invalid_grant');
    expect(await isActive(pair.access)).toBe(false);
  });

  it('succeeds for a revoked token and for simultaneous requests', async () => {
    const pair = await refreshSession(auth, await aSession(auth, 'web-app'), { as: AS });
    const answers = await Promise.all(
      [pair.refresh, pair.access, pair.refresh, pair.access].map((token) => revoke(token)),
    );
    answers.push(await revoke(pair.refresh), await revoke(pair.access));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  it('leaves no valid refresh token beside a simultaneous refresh', async () => {
    const first = await aSession(auth, 'web-app');
    const [, answer] = await Promise.all([revoke(first), refresh(first)]);
    const successor = answer.body['refresh_token'] ?? first;
    expect((await refresh(successor)).body['error']).toBe('invalid_grant');
  });

  it('changes nothing for tokens of another client (§2.1)', async () => {
    const pair = await refreshSession(auth, await aSession(auth, 'web-app'), { as: AS });
    for (const token of [pair.refresh, pair.access]) {
      expect((await revoke(token, { as: 'other-app:secret' })).status).toBe(200);
    }
    expect(await isActive(pair.access)).toBe(true);
    expect((await refresh(pair.refresh)).status).toBe(200);
  });

  it.each(['x', 'a.b.c', `${'x'.repeat(22)}.0.${'x'.repeat(6)}.${'x'.repeat(43)}`])(
    'answers 200 for the invalid token %s (§2.2)',
    async (token) => {
      expect((await revoke(token)).status).toBe(200);
    },
  );

  it('answers 200 for an expired access token and keeps its session', async () => {
    const pair = await refreshSession(auth, await aSession(auth, 'web-app'), { as: AS });
    auth.clock.advance({ seconds: 300 });
    expect((await revoke(pair.access)).status).toBe(200);
    expect((await refresh(pair.refresh)).status).toBe(200);
  });

  it('lets a public client revoke its own tokens only', async () => {
    const token = await aSession(auth, 'native-app');
    const other = await aSession(auth, 'web-app');
    const asPublic = { as: '', client_id: 'native-app' };
    expect((await revoke(other, asPublic)).status).toBe(200);
    expect((await refresh(other)).status).toBe(200);
    expect((await revoke(token, asPublic)).status).toBe(200);
    const answer = await auth.token({
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: 'native-app',
    });
    expect(answer.body['error']).toBe('invalid_grant');
  });

  it('rejects a token that has no session of the client (§2.2.1)', async () => {
    await auth.registerClient({ id: 'service', secret: 'secret' });
    const own = await auth.token({ grant_type: 'client_credentials' }, 'service:secret');
    const pair = await refreshSession(auth, await aSession(auth, 'web-app'), { as: AS });
    const exchanged = await auth.token(
      {
        grant_type: EXCHANGE,
        subject_token: pair.access,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
      'photos-service:secret',
    );
    for (const [{ body }, as] of [
      [own, 'service:secret'],
      [exchanged, 'photos-service:secret'],
    ] as const) {
      const answer = await revoke(body['access_token'] ?? '', { as });
      expect([answer.status, answer.body['error']]).toEqual([400, 'unsupported_token_type']);
    }
    expect((await refresh(pair.refresh)).status).toBe(200);
    // After the session ended, the token is inactive, so the answer is 200.
    await revoke(pair.access);
    const late = await revoke(exchanged.body['access_token'] ?? '', {
      as: 'photos-service:secret',
    });
    expect(late.status).toBe(200);
  });

  it.each<[string, Record<string, string>, string | undefined, number, string]>([
    ['a request without a client', { token: 'x' }, undefined, 401, 'invalid_client'],
    ['a client with a wrong secret', { token: 'x' }, 'web-app:wrong', 401, 'invalid_client'],
    [
      'a confidential client without its secret',
      { token: 'x', client_id: 'web-app' },
      undefined,
      401,
      'invalid_client',
    ],
    ['a request without a token', {}, AS, 400, 'invalid_request'],
  ])('rejects %s', async (_, parameters, as, status, error) => {
    const answer = await post('/oauth/revoke', parameters, as);
    expect([answer.status, answer.body['error']]).toEqual([status, error]);
  });

  it('rejects a repeated token, and a token in the query', async () => {
    const headers = { authorization: toBasicAuthorization(AS) };
    const body = new URLSearchParams([
      ['token', 'a'],
      ['token', 'b'],
    ]);
    const repeated = await auth.send('/oauth/revoke', { method: 'POST', headers, body });
    const inQuery = await post('/oauth/revoke?token=x', { token: 'x' }, AS);
    for (const { status, body: answer } of [repeated, inQuery]) {
      expect([status, answer['error']]).toEqual([400, 'invalid_request']);
    }
    expect((await auth.send('/oauth/revoke?token=x', {})).status).toBe(405);
  });

  it('interoperates with oauth4webapi', async () => {
    const pair = await refreshSession(auth, await aSession(auth, 'web-app'), { as: AS });
    const server = { issuer: ISSUER, revocation_endpoint: `${auth.url}/oauth/revoke` };
    const answer = await oauth.revocationRequest(
      server,
      { client_id: 'web-app' },
      oauth.ClientSecretBasic('secret'),
      pair.refresh,
      { [oauth.allowInsecureRequests]: true },
    );
    expect(await oauth.processRevocationResponse(answer)).toBeUndefined();
    expect(decodeClaims(pair.access)['client_id']).toBe('web-app');
    expect(await isActive(pair.access)).toBe(false);
  });
});
