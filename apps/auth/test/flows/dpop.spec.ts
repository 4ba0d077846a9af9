import { DpopClient } from '@gatehouse/guards/testing';
import { CleanupJob, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { aSession } from '../support/factories.js';
import {
  aClient,
  anAccount,
  CALLBACK,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import {
  decodeClaims,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';
import { ISSUER, TestDpopClient, TOKEN_REQUEST } from '../support/test-dpop-client.js';

const grant = { grant_type: 'client_credentials' };
const SERVICE = 'service:secret';
const invalidGrant = [400, 'invalid_grant'];

const summary = ({ status, body }: TestResponse) => [status, body['error'] ?? body['token_type']];
const boundTo = ({ body }: TestResponse) => decodeClaims(body['access_token'])['cnf'];

eachDatabase('DPoP-bound tokens (RFC 9449)', (fresh) => {
  let settings: Record<string, string>;
  let auth: TestAuth;
  let client: TestDpopClient;
  beforeAll(async () => {
    settings = {
      ...toDatabaseSettings(await fresh()),
    };
    auth = await TestAuth.start(settings);
    client = new TestDpopClient(auth);
    await auth.registerClient({ id: 'service', secret: 'secret' });
    await auth.registerClient({ id: 'bound-service', secret: 'secret', dpopBound: true });
    const mobile = { grantTypes: ['refresh_token'], scope: ['photos:read', 'sessions:read'] };
    await auth.registerClient({ ...mobile, id: 'mobile' });
    await auth.registerClient({ ...mobile, id: 'bound-mobile', dpopBound: true });
    await auth.registerClient({ ...mobile, id: 'web', secret: 'secret' });
  });
  afterAll(() => auth.stop());

  const proof = async (claims: Record<string, unknown> = {}, of = client.key) =>
    of.proof({ ...TOKEN_REQUEST, ...(await client.fetchNonce(SERVICE)) }, claims);

  const aCode = async (more: Record<string, string> = {}) => {
    const id = await aClient(auth);
    const user = await anAccount(auth);
    const browser = new TestBrowser(auth);
    await browser.signIn(user);
    await browser.grantConsent(user, id);
    const scope = 'openid offline_access photos:read';
    const answer = await browser.authorize(id, { scope, ...more });
    const { code = '', error } = readRedirectParameters(answer);
    const redemption = {
      grant_type: 'authorization_code',
      client_id: id,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      code,
    };
    return { redemption, error };
  };

  const aRefresh = async () => {
    const refresh_token = await aSession(auth, 'mobile');
    return { grant_type: 'refresh_token', client_id: 'mobile', refresh_token };
  };

  describe('token endpoint (§5)', () => {
    it('binds the access token to the key of the proof', async () => {
      const answer = await client.token(grant, SERVICE);

      expect(summary(answer)).toEqual([200, 'DPoP']);
      expect(boundTo(answer)).toEqual({ jkt: client.jkt });
    });

    it('issues a bearer token without a proof', async () => {
      const answer = await auth.token(grant, SERVICE);

      expect(summary(answer)).toEqual([200, 'Bearer']);
      expect(boundTo(answer)).toBeUndefined();
      expect(answer.headers.get('dpop-nonce')).toBeNull();
    });

    it('requires a proof from a client that is registered for bound tokens (§5.2)', async () => {
      expect(summary(await auth.token(grant, 'bound-service:secret'))).toEqual([
        400,
        'invalid_dpop_proof',
      ]);
      expect(summary(await client.token(grant, 'bound-service:secret'))).toEqual([200, 'DPoP']);
    });

    it.each<[string, () => Promise<string> | string, string]>([
      ['is a word', () => 'proof', 'Send one DPoP header'],
      ['is empty', () => '', 'Send one DPoP header'],
      ['is sent twice', async () => `${await proof()}, ${await proof()}`, 'Send one DPoP header'],
      ['has no jti', () => proof({ jti: undefined }), 'Send one DPoP header'],
      ['is for another method', () => proof({ htm: 'GET' }), 'The proof is for ?GET?'],
      ['is for another URL', () => proof({ htu: `${ISSUER}/x` }), `${ISSUER}/x`],
      ['names an internal address', () => proof({ htu: `${auth.url}/oauth/token` }), 'baseUrl'],
      ['is signed by another key than its jwk', () => forged(), 'does not match its jwk'],
    ])('rejects a proof that %s, and says so (§4.3)', async (_, sent, text) => {
      const { status, headers, body } = await client.send(grant, await sent(), { as: SERVICE });

      expect([status, body]).toEqual([
        400,
        {
          error: 'invalid_dpop_proof',
          error_description: expect.stringContaining(text),
        },
      ]);
      expect(headers.get('cache-control')).toBe('no-store');
    });

    const forged = async () => {
      const request = { ...TOKEN_REQUEST, ...(await client.fetchNonce(SERVICE)) };
      return client.key.proof(request, {}, { signedBy: new DpopClient().key });
    };

    it('stores no proof for a request that fails for another reason', async () => {
      const rows = async () =>
        (await auth.app.get(UnitOfWork).execute('SELECT 1 FROM used_value')).rows.length;
      const before = await rows();
      const sent = await proof();
      for (const parameters of [
        { grant_type: 'refresh_token', client_id: 'mobile', refresh_token: 'made up' },
        { grant_type: 'authorization_code', client_id: 'mobile', code: 'made up' },
        { grant_type: 'nothing', client_id: 'mobile' },
        { client_id: 'mobile' },
      ]) {
        expect((await client.send(parameters, sent)).status).toBe(400);
      }

      expect(await rows()).toBe(before);
      expect(summary(await client.send(grant, sent, { as: SERVICE }))).toEqual([200, 'DPoP']);
    });

    it('authenticates the client before it checks the proof', async () => {
      const answer = await client.send(grant, 'proof', { as: 'service:wrong' });
      expect(summary(answer)).toEqual([401, 'invalid_client']);
    });
  });

  describe('nonces (§8)', () => {
    it.each([undefined, 'x', 'A'.repeat(22)])(
      'answers a proof with nonce %j with a new nonce',
      async (nonce) => {
        const sent = client.key.proof(TOKEN_REQUEST, { nonce });
        const answer = await client.send(grant, sent, { as: SERVICE });

        expect(summary(answer)).toEqual([400, 'use_dpop_nonce']);
        expect(answer.headers.get('dpop-nonce')).toMatch(/^[\w-]{22}$/);
      },
    );

    it('records no refusal for it, because it is a step of the protocol', async () => {
      const refusals = async () =>
        (
          await auth.app
            .get(UnitOfWork)
            .query(`SELECT id FROM security_event WHERE type = 'token.refused'`)
        ).length;
      const before = await refusals();
      const sent = client.key.proof(TOKEN_REQUEST, { nonce: undefined });
      expect(summary(await client.send(grant, sent, { as: SERVICE }))[1]).toBe('use_dpop_nonce');
      expect(await refusals()).toBe(before);
    });

    it('sends the current nonce with every answer and accepts it for one more period', async () => {
      const nonce = await client.fetchNonce(SERVICE);
      const ask = () =>
        client.send(grant, client.key.proof({ ...TOKEN_REQUEST, ...nonce }), { as: SERVICE });
      const answer = await ask();
      expect([answer.status, answer.headers.get('dpop-nonce')]).toEqual([200, nonce.nonce]);

      auth.clock.advance({ seconds: 300 });
      const later = await ask();
      expect(later.status).toBe(200);
      expect(later.headers.get('dpop-nonce')).not.toBe(nonce.nonce);
      auth.clock.advance({ seconds: 300 });
      expect(summary(await ask())).toEqual([400, 'use_dpop_nonce']);
    });
  });

  describe('replay of a proof (§11.1)', () => {
    let other: TestAuth;
    beforeAll(async () => {
      other = await TestAuth.start(settings);
      const ahead = (auth.clock.now() - other.clock.now()) / 1000;
      other.clock.advance({ seconds: ahead });
    });
    afterAll(() => other.stop());

    it('accepts a proof once among simultaneous requests on two replicas', async () => {
      const sent = await proof();
      const answers = await Promise.all(
        [auth, other, auth, other].map((at) => client.send(grant, sent, { as: SERVICE, at })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
      const refused = answers.filter(({ status }) => status === 400);
      expect(refused.map(summary)).toEqual(Array(3).fill([400, 'invalid_dpop_proof']));

      const again = await client.send(grant, sent, { as: SERVICE, at: other });
      expect(summary(again)).toEqual([400, 'invalid_dpop_proof']);
    });

    it.each<[string, () => Promise<Record<string, string>>, string | undefined]>([
      ['the authorization code grant', async () => (await aCode()).redemption, undefined],
      ['the refresh grant', aRefresh, undefined],
    ])('rejects a proof that was used for %s', async (_, createRequest, as) => {
      const sent = await proof();
      expect(summary(await client.send(await createRequest(), sent, { as }))).toEqual([
        200,
        'DPoP',
      ]);

      const again = await client.send(grant, sent, { as: SERVICE });
      expect(summary(again)).toEqual([400, 'invalid_dpop_proof']);
    });

    it('stores a used proof as long as its nonce is valid and then deletes it', async () => {
      const sent = await proof();
      const ask = () => client.send(grant, sent, { as: SERVICE });
      const hasRowsAfter = async (seconds: number) => {
        auth.clock.advance({ seconds });
        await auth.app.get(CleanupJob).run(new AbortController().signal);
        const { rows } = await auth.app.get(UnitOfWork).execute('SELECT 1 FROM used_value');
        return rows.length > 0;
      };

      expect(summary(await ask())).toEqual([200, 'DPoP']);
      expect(await hasRowsAfter(300)).toBe(true);
      expect(summary(await ask())).toEqual([400, 'invalid_dpop_proof']);
      expect(await hasRowsAfter(361)).toBe(false);
      expect(summary(await ask())).toEqual([400, 'use_dpop_nonce']);
    });
  });

  describe('refresh tokens (§5)', () => {
    const refresh = (refresh_token: string, client_id = 'mobile') => ({
      grant_type: 'refresh_token',
      refresh_token,
      client_id,
    });
    /** Creates a session of a public client that sent a proof with its first refresh. Returns the refresh token. */
    const aBoundSession = async () => {
      const first = await aSession(auth, 'mobile');
      const { body } = await client.token(refresh(first));
      return body['refresh_token'] ?? '';
    };

    it('binds the refresh tokens of a public client to the key of the first proof', async () => {
      const token = await aBoundSession();
      const stranger = new TestDpopClient(auth);

      expect(summary(await auth.token(refresh(token)))).toEqual(invalidGrant);
      expect(summary(await stranger.token(refresh(token)))).toEqual(invalidGrant);
      const answer = await client.token(refresh(token));
      expect(summary(answer)).toEqual([200, 'DPoP']);
      expect(boundTo(answer)).toEqual({ jkt: client.jkt });
    });

    it('rejects a stolen refresh token without its key and keeps the session', async () => {
      const old = await aBoundSession();
      const { body } = await client.token(refresh(old));
      auth.clock.advance({ seconds: 11 });
      expect(summary(await auth.token(refresh(old)))).toEqual(invalidGrant);
      expect(summary(await new TestDpopClient(auth).token(refresh(old)))).toEqual(invalidGrant);

      expect((await client.token(refresh(body['refresh_token'] ?? ''))).status).toBe(200);
    });

    it('revokes the session when an old refresh token comes with its key (RFC 9700 §4.14.2)', async () => {
      const old = await aBoundSession();
      const { body } = await client.token(refresh(old));
      auth.clock.advance({ seconds: 11 });
      expect(summary(await client.token(refresh(old)))).toEqual(invalidGrant);

      const newest = await client.token(refresh(body['refresh_token'] ?? ''));
      expect(summary(newest)).toEqual(invalidGrant);
    });

    it('binds a session to one of two keys that refresh simultaneously', async () => {
      const first = await aSession(auth, 'mobile');
      const other = new TestDpopClient(auth);
      await Promise.all([client, other].map((device) => device.token(grant, SERVICE)));
      const answers = await Promise.all(
        [client, other].map(async (device) => ({
          device,
          answer: await device.token(refresh(first)),
        })),
      );

      const winners = answers.filter(({ answer }) => answer.status === 200);
      expect(winners).toHaveLength(1);
      for (const { device, answer } of winners) {
        const next = refresh(answer.body['refresh_token'] ?? '');
        expect((await auth.token(next)).status).toBe(400);
        expect((await device.token(next)).status).toBe(200);
      }
    });

    it('does not bind the refresh tokens of a confidential client to a key', async () => {
      const first = await aSession(auth, 'web');
      const other = new TestDpopClient(auth);
      const refreshRequest = (refresh_token = '') => ({
        grant_type: 'refresh_token',
        refresh_token,
      });

      const one = await client.token(refreshRequest(first), 'web:secret');
      const two = await other.token(refreshRequest(one.body['refresh_token']), 'web:secret');
      const three = await auth.token(refreshRequest(two.body['refresh_token']), 'web:secret');
      expect([one, two, three].map(summary)).toEqual([
        [200, 'DPoP'],
        [200, 'DPoP'],
        [200, 'Bearer'],
      ]);
      expect([boundTo(one), boundTo(two)]).toEqual([{ jkt: client.jkt }, { jkt: other.jkt }]);
    });

    it('requires a proof for each refresh of a client that is registered for bound tokens', async () => {
      const first = await aSession(auth, 'bound-mobile');
      expect(summary(await auth.token(refresh(first, 'bound-mobile')))).toEqual([
        400,
        'invalid_dpop_proof',
      ]);
      expect((await client.token(refresh(first, 'bound-mobile'))).status).toBe(200);
    });
  });

  describe('authorization codes (§5, §10)', () => {
    it('binds the session of a code to the key of the redemption', async () => {
      const { redemption } = await aCode();
      const answer = await client.token(redemption);
      expect(summary(answer)).toEqual([200, 'DPoP']);
      expect(boundTo(answer)).toEqual({ jkt: client.jkt });

      const { client_id } = redemption;
      const refresh_token = answer.body['refresh_token'] ?? '';
      const next = { grant_type: 'refresh_token', client_id, refresh_token };
      expect(summary(await auth.token(next))).toEqual(invalidGrant);
      expect(summary(await client.token(next))).toEqual([200, 'DPoP']);
    });

    it('redeems a code with dpop_jkt only with that key (§10)', async () => {
      const { redemption } = await aCode({ dpop_jkt: client.jkt });

      expect(summary(await auth.token(redemption))).toEqual(invalidGrant);
      expect(summary(await new TestDpopClient(auth).token(redemption))).toEqual(invalidGrant);
      expect(summary(await client.token(redemption))).toEqual([200, 'DPoP']);
    });

    it.each(['', 'short', 'x'.repeat(44), '+'.repeat(43)])(
      'validates a dpop_jkt of %j',
      async (dpop_jkt) => {
        const { error } = await aCode({ dpop_jkt });
        expect(error).toBe(dpop_jkt === '' ? undefined : 'invalid_request');
      },
    );
  });

  describe('protected routes (§7)', () => {
    const aToken = async () => {
      const first = await aSession(auth, 'mobile', {
        scope: ['sessions:read'],
        resources: [ISSUER],
      });
      const parameters = {
        grant_type: 'refresh_token',
        client_id: 'mobile',
        refresh_token: first,
      };
      const { body } = await client.token(parameters);
      return body['access_token'] ?? '';
    };

    it('accepts a bound token only with a proof of its key', async () => {
      const token = await aToken();
      expect((await client.get('/auth/sessions', token)).status).toBe(200);

      const bearer = { headers: { authorization: `Bearer ${token}` } };
      const downgraded = await auth.send('/auth/sessions', bearer);
      expect(downgraded.status).toBe(401);
      expect(downgraded.headers.get('www-authenticate')).toMatch(
        /^Bearer error="invalid_token", .*, DPoP algs="ES256 PS256 RS256"/,
      );
      expect((await new TestDpopClient(auth).get('/auth/sessions', token)).status).toBe(401);
    });

    it('accepts a proof once on all replicas', async () => {
      const other = await TestAuth.start(settings);
      other.clock.advance({ seconds: (auth.clock.now() - other.clock.now()) / 1000 });
      const accessToken = await aToken();
      const request = { method: 'GET', url: `${ISSUER}/auth/sessions`, accessToken };
      const headers = client.key.headers({ ...request, ...(await client.fetchNonce(SERVICE)) });
      const answers = await Promise.all(
        [auth, other, other].map((at) => at.send('/auth/sessions', { headers })),
      );
      await other.stop();

      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    });
  });
});

describe('DPoP without nonces (DPOP_NONCE_TTL=0)', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start({ DPOP_NONCE_TTL: '0' });
    await auth.registerClient({ id: 'service', secret: 'secret' });
  });
  afterAll(() => auth.stop());

  it('accepts a proof for one minute (RFC 9449 §11.1)', async () => {
    const client = new TestDpopClient(auth);
    const now = auth.clock.now() / 1000;
    const ask = (iat: number) =>
      client.send(grant, client.key.proof(TOKEN_REQUEST, { iat }), { as: SERVICE });

    expect((await ask(now)).headers.get('dpop-nonce')).toBeNull();
    expect(summary(await ask(now - 60))).toEqual([200, 'DPoP']);
    const { body } = await ask(now - 70);
    expect(`${body['error']}: ${body['error_description']}`).toMatch(/^invalid_dpop.*70 s behind/);
    expect(summary(await ask(now + 10))).toEqual([400, 'invalid_dpop_proof']);
  });
});
