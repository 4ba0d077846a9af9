import { CleanupJob, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { DataSource } from 'typeorm';
import type { Account } from '../../src/accounts/account.entity.js';
import type { ClientRegistration } from '../../src/clients/client.repository.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import {
  aClient,
  anAccount,
  CALLBACK,
  computeChallenge,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import {
  TICKETS,
  decodeClaims,
  ISSUER,
  PHOTOS,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const invalidGrant = { status: 400, body: { error: 'invalid_grant' } };
const SCOPE = 'openid offline_access photos:read tickets:read';
type Parameters = Record<string, string | undefined>;

eachDatabase('authorization codes', (fresh) => {
  let auth: TestAuth;
  let settings: Record<string, string>;
  let user: Account;
  let client: string;
  let browser: TestBrowser;

  beforeAll(async () => {
    settings = {
      ...toDatabaseSettings(await fresh()),
    };
    auth = await TestAuth.start(settings);
    user = await anAccount(auth);
    client = await aClient(auth);
    browser = await aBrowser(user);
  });
  afterAll(() => auth.stop());

  /** A browser in which the account is logged in and has consented to all scopes of the clients. */
  async function aBrowser(account: Account, ...clients: string[]): Promise<TestBrowser> {
    const newBrowser = new TestBrowser(auth);
    await newBrowser.signIn(account);
    for (const id of [client, ...clients]) await newBrowser.grantConsent(account, id);
    return newBrowser;
  }
  const aCode = () => browser.obtainCode(client, { scope: SCOPE });

  const redeem = (code: string, more: Parameters = {}, { at = auth, as = '' } = {}) => {
    const parameters: Parameters = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...(as === '' && { client_id: client }),
      ...more,
    };
    const sent = Object.entries(parameters).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    return at.token(Object.fromEntries(sent), as || undefined);
  };
  const refresh = ({ body }: TestResponse) =>
    auth.token({
      grant_type: 'refresh_token',
      client_id: client,
      refresh_token: body['refresh_token'] ?? '',
    });
  const rows = (sql: string): Promise<Record<string, unknown>[]> =>
    auth.app.get(DataSource).query(sql);
  const events = (type: string) => rows(`SELECT detail FROM security_event WHERE type = '${type}'`);

  describe('redemption (RFC 6749 §4.1.3)', () => {
    it('exchanges a code for the tokens of a new session', async () => {
      const authenticatedAt = auth.clock.now() / 1000;
      auth.clock.advance({ seconds: 59 });
      const answer = await redeem(await aCode());
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.body).toMatchObject({
        token_type: 'Bearer',
        expires_in: 300,
        scope: 'openid offline_access photos:read',
      });
      const {
        iss: _,
        iat: __,
        exp: ___,
        jti: ____,
        status: _____,
        ...claims
      } = decodeClaims(answer.body['access_token']);
      expect(claims).toEqual({
        sub: user.id,
        aud: [PHOTOS, ISSUER],
        client_id: client,
        scope: 'openid offline_access photos:read',
        sid: expect.stringMatching(/^[\w-]{22}$/),
        auth_time: authenticatedAt,
      });
      expect(decodeClaims(answer.body['id_token'])).toMatchObject({
        sub: user.id,
        sid: claims['sid'],
      });
      expect((await refresh(answer)).status).toBe(200);
    });

    it('issues the access token for the granted resource server that the client names (RFC 8707 §2.2)', async () => {
      const { body } = await redeem(await aCode(), { resource: TICKETS });
      expect(decodeClaims(body['access_token'])).toMatchObject({
        aud: TICKETS,
        scope: 'tickets:read',
      });
      const scope = 'openid offline_access photos:read';
      const code = await browser.obtainCode(client, { scope, resource: PHOTOS });
      const refused = await redeem(code, { resource: TICKETS });
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
      // A refused resource leaves the code valid.
      expect((await redeem(code, { resource: PHOTOS })).status).toBe(200);
    });

    it('selects the audience of a refresh by the requested scope (RFC 6749 §6)', async () => {
      const code = await browser.obtainCode(client, { scope: SCOPE });
      let { refresh_token = '' } = (await redeem(code)).body;
      for (const [scope, aud] of [
        ['openid', ISSUER],
        ['tickets:read', TICKETS],
        ['photos:read', PHOTOS],
      ] as const) {
        const parameters = { grant_type: 'refresh_token', client_id: client, refresh_token, scope };
        const { body } = await auth.token(parameters);
        expect(decodeClaims(body['access_token'])).toMatchObject({ aud, scope });
        refresh_token = body['refresh_token'] ?? '';
      }
    });

    it('requires the secret of a confidential client', async () => {
      const id = await aClient(auth, { secret: 'secret', pkce: 'never-required' });
      const ownBrowser = await aBrowser(user, id);
      const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined };
      const code = await ownBrowser.obtainCode(id, withoutPkce);
      const withoutSecret = await redeem(code, { client_id: id, code_verifier: undefined });
      expect(withoutSecret).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
      const answer = await redeem(code, { code_verifier: undefined }, { as: `${id}:secret` });
      expect(answer.status).toBe(200);
    });

    it('treats a parameter without a value as omitted (§3.2)', async () => {
      const empty = [
        'client_secret',
        'client_assertion',
        'client_assertion_type',
        'resource',
        'scope',
      ];
      const parameters = Object.fromEntries(empty.map((name) => [name, '']));
      expect((await redeem(await aCode(), parameters)).status).toBe(200);
    });

    it('rejects a client that is not registered for the grant (§5.2)', async () => {
      const id = await aClient(auth, { grantTypes: ['refresh_token'] });
      const answer = await redeem(await aCode(), { client_id: id });
      expect(answer).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
    });
  });

  describe('refresh tokens (OpenID Connect Core §11)', () => {
    it.each<[string, boolean, Partial<ClientRegistration> & { asked?: string }]>([
      ['issues a refresh token for offline_access', true, {}],
      [
        'issues no refresh token without offline_access to a client that may request it',
        false,
        { asked: 'openid photos:read' },
      ],
      [
        'issues a refresh token to a client that may not request offline_access',
        true,
        { asked: 'openid photos:read', scope: ['openid', 'photos:read'] },
      ],
      [
        'issues a refresh token to a first-party client',
        true,
        { asked: 'openid photos:read', firstParty: true },
      ],
      [
        'issues no refresh token to a client without the refresh grant',
        false,
        { grantTypes: ['authorization_code'] },
      ],
    ])('%s', async (_, isIssued, { asked = SCOPE, ...registration }) => {
      const id = await aClient(auth, registration);
      const ownBrowser = await aBrowser(user, id);
      const code = await ownBrowser.obtainCode(id, { scope: asked });
      const { body } = await redeem(code, { client_id: id });
      expect('refresh_token' in body).toBe(isIssued);
      expect(body['expires_in']).toBe(300);
    });

    it('ends a session without refresh token one minute after its access token', async () => {
      const { body } = await redeem(await browser.obtainCode(client));
      const { exp } = decodeClaims(body['access_token']);
      const [family] = await rows(
        'SELECT idle_expires_at, absolute_expires_at FROM refresh_token_family ORDER BY created_at DESC, absolute_expires_at LIMIT 1',
      );
      const end = (Number(exp) + 60) * 1000;
      expect(Object.values(family ?? {}).map(Number)).toEqual([end, end]);
    });
  });

  describe('binding of a code', () => {
    it('rejects the code of another client and keeps it valid for its owner (RFC 6749 §4.1.3)', async () => {
      const other = await aClient(auth);
      const code = await aCode();
      expect(await redeem(code, { client_id: other })).toMatchObject(invalidGrant);
      expect((await redeem(code)).status).toBe(200);
    });

    it.each<[string, Parameters]>([
      ['another redirect URI', { redirect_uri: 'https://client.example/other' }],
      ['no verifier (RFC 7636 §4.6)', { code_verifier: undefined }],
      ['another verifier', { code_verifier: 'x'.repeat(43) }],
      ['the challenge for a verifier', { code_verifier: computeChallenge(VERIFIER) }],
      ['the verifier in other letters', { code_verifier: VERIFIER.toUpperCase() }],
      ['a code that the server did not issue', { code: 'x'.repeat(43) }],
      ['a code with a NUL', { code: 'x\0' }],
      ['half a code', { code: 'x'.repeat(21) }],
      ['an empty code', { code: '' }],
    ])('rejects %s and keeps the code valid', async (_, parameters) => {
      const code = await aCode();
      const answer = await redeem(code, parameters);
      expect(answer.status).toBe(400);
      expect(answer.body['error']).toBe(
        parameters['code'] === '' ? 'invalid_request' : 'invalid_grant',
      );
      expect((await redeem(code)).status).toBe(200);
    });

    it.each([
      ['has 42 characters', 'x'.repeat(42)],
      ['has 129 characters', 'x'.repeat(129)],
      ['has a forbidden character', `${'x'.repeat(43)}+`],
    ])('rejects a verifier that %s (RFC 7636 §4.1)', async (_, code_verifier) => {
      const answer = await redeem(await aCode(), { code_verifier });
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    });

    it('rejects a verifier for a request without challenge: PKCE downgrade (RFC 9700 §4.8.2)', async () => {
      const id = await aClient(auth, { secret: 'secret', pkce: 'never-required' });
      const ownBrowser = await aBrowser(user, id);
      const code = await ownBrowser.obtainCode(id, {
        code_challenge: undefined,
        code_challenge_method: undefined,
      });
      expect(await redeem(code, {}, { as: `${id}:secret` })).toMatchObject(invalidGrant);
    });

    it('rejects the code of another login at the same client: code injection (RFC 9700 §4.5)', async () => {
      const stolen = await browser.obtainCode(client, { scope: SCOPE });
      const attacker = 'the-verifier-of-an-attacker-who-injects-a-code';
      expect(await redeem(stolen, { code_verifier: attacker })).toMatchObject(invalidGrant);
    });
  });

  describe('lifetime (RFC 6749 §4.1.2)', () => {
    it('rejects a code that is one minute old', async () => {
      const code = await aCode();
      const other = await aCode();
      auth.clock.advance({ seconds: 59 });
      expect((await redeem(code)).status).toBe(200);
      auth.clock.advance({ seconds: 1 });
      expect(await redeem(other)).toMatchObject(invalidGrant);
    });

    it.each<[string, (account: Account, session: string) => Promise<unknown>]>([
      ['the user logs out', (_, session) => auth.app.get(BrowserSessionService).revoke(session)],
      [
        'the password is changed',
        ({ id }) =>
          auth.app
            .get(AccountOperationsService)
            .changePassword(id, 'another password', { by: 'owner' }),
      ],
      [
        'the account is disabled',
        ({ id }) => auth.app.get(AccountOperationsService).disable(id, 'operator'),
      ],
    ])('rejects a code when %s', async (_, end) => {
      const account = await anAccount(auth);
      const code = await (await aBrowser(account)).obtainCode(client, { scope: SCOPE });
      const [row] = await rows(`SELECT id FROM browser_session WHERE account_id = '${account.id}'`);
      await end(account, String(row?.['id']));
      expect(await redeem(code)).toMatchObject(invalidGrant);
    });

    it('rejects a code of a disabled client', async () => {
      const id = await aClient(auth);
      const code = await (await aBrowser(user, id)).obtainCode(id);
      await auth.app.get(ClientOperationsService).disable(id, 'operator');
      expect((await redeem(code, { client_id: id })).body['error']).toBe('invalid_client');
    });

    it('deletes used and unused codes one hour after they expired', async () => {
      await redeem(await aCode());
      await aCode();
      const countCodes = async () =>
        Number((await rows('SELECT count(*) AS n FROM authorization_code'))[0]?.['n']);
      auth.clock.advance({ seconds: 3599 });
      await auth.app.get(CleanupJob).run(new AbortController().signal);
      expect(await countCodes()).toBeGreaterThanOrEqual(2);
      auth.clock.advance({ seconds: 62 });
      await auth.app.get(CleanupJob).run(new AbortController().signal);
      expect(await countCodes()).toBe(0);
    });
  });

  describe('code replay (RFC 9700 §4.5, RFC 6749 §10.5)', () => {
    const ends = () =>
      rows(`SELECT end_reason FROM refresh_token_family WHERE end_reason = 'code_reuse'`);
    // The clock was advanced before, so the browser session has expired.
    beforeAll(async () => {
      browser = await aBrowser(user);
    });

    it('revokes the tokens of the first use', async () => {
      const code = await aCode();
      const first = await redeem(code);
      auth.clock.advance({ seconds: 30 });
      expect(await redeem(code)).toMatchObject(invalidGrant);
      expect(await refresh(first)).toMatchObject(invalidGrant);
    });

    it('revokes the access token at userinfo as well: oidcc-codereuse-30seconds', async () => {
      const code = await browser.obtainCode(client);
      const { body } = await redeem(code);
      const headers = { authorization: `Bearer ${body['access_token']}` };
      expect((await auth.send('/userinfo', { headers })).status).toBe(200);
      auth.clock.advance({ seconds: 30 });
      expect(await redeem(code)).toMatchObject(invalidGrant);
      expect((await auth.send('/userinfo', { headers })).status).toBe(401);
    });

    it('revokes the tokens of the first use after the code has expired', async () => {
      const code = await aCode();
      const first = await redeem(code);
      auth.clock.advance({ seconds: 600 });
      expect(await redeem(code)).toMatchObject(invalidGrant);
      expect(await refresh(first)).toMatchObject(invalidGrant);
    });

    it('revokes nothing when another client presents the code', async () => {
      const other = await aClient(auth);
      const code = await aCode();
      const first = await redeem(code);
      expect(await redeem(code, { client_id: other })).toMatchObject(invalidGrant);
      expect((await refresh(first)).status).toBe(200);
    });

    it('answers one of ten simultaneous redemptions and revokes its session', async () => {
      const code = await aCode();
      const before = (await ends()).length;
      const answers = await Promise.all(Array.from({ length: 10 }, () => redeem(code)));
      const [winner, ...others] = answers.sort((a, b) => a.status - b.status);
      expect(winner?.status).toBe(200);
      for (const answer of others) expect(answer).toMatchObject(invalidGrant);
      if (winner) expect(await refresh(winner)).toMatchObject(invalidGrant);
      expect((await ends()).length).toBe(before + 1);
    });

    it('answers one of two simultaneous redemptions on two replicas', async () => {
      const replica = await TestAuth.start(settings);
      replica.clock.advance({ seconds: (auth.clock.now() - replica.clock.now()) / 1000 });
      for (let round = 0; round < 5; round += 1) {
        const code = await aCode();
        const answers = await Promise.all([redeem(code), redeem(code, {}, { at: replica })]);
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
        const winner = answers.find(({ status }) => status === 200);
        if (winner) expect(await refresh(winner)).toMatchObject(invalidGrant);
      }
      await replica.stop();
    });
  });

  it('uses the code and creates the session in one transaction', async () => {
    const code = await aCode();
    const families = async () => (await rows('SELECT id FROM refresh_token_family')).length;
    const rename = (from: string, to: string) =>
      auth.app.get(UnitOfWork).execute(`ALTER TABLE ${from} RENAME TO ${to}`);
    const before = await families();
    // The last write of the redemption fails, so the database rolls back all earlier writes.
    await rename('security_event', 'security_event_away');
    const failed = await redeem(code);
    await rename('security_event_away', 'security_event');
    expect(failed.status).toBe(500);
    expect(await families()).toBe(before);
    expect((await redeem(code)).status).toBe(200);
  });

  it('records security events that do not contain the code', async () => {
    const code = await aCode();
    const { body } = await redeem(code);
    await redeem(code);
    const { sid: sessionId } = decodeClaims(body['access_token']);
    const details = async (type: string) =>
      (await events(type)).map(({ detail }) => JSON.parse(String(detail)));
    const subject = { accountId: user.id, clientId: client };
    expect(await details('authorization_code.issued')).toContainEqual(subject);
    expect(await details('authorization_code.redeemed')).toContainEqual({ ...subject, sessionId });
    expect(await details('authorization_code.reused')).toContainEqual(subject);
    expect(await details('family.ended')).toContainEqual({
      ...subject,
      sessionId,
      reason: 'code_reuse',
    });
    expect(JSON.stringify(await rows('SELECT * FROM security_event'))).not.toContain(code);
  });
});
