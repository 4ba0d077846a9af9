import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { SessionService } from '../../src/sessions/session.service.js';
import { aClient, aSession } from '../support/factories.js';
import {
  decodeClaims,
  PHOTOS,
  PASSWORD,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const ISSUER = 'http://localhost:3000';
const PHONE = 'Phone/1.0';
const revoked = {
  status: 401,
  body: { type: 'about:blank', title: 'Unauthorized', status: 401, message: 'Unauthorized' },
};

let people = 0;

eachDatabase('sessions', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  beforeAll(async () => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      SERVER_SECRET: 'x'.repeat(32),
      SESSIONS_PER_ACCOUNT: '3',
      TRUST_PROXY: 'true',
    };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
  });
  afterAll(() => Promise.all([auth.stop(), replica.stop()]));

  /** A person with an account, and no session. */
  async function aPerson() {
    const email = `owner-${(people += 1)}@gatehouse.example`;
    await auth.register(email);
    const account = await auth.app.get(AccountRepository).findByEmail(email);
    return { email, id: account?.id ?? '' };
  }

  /** Advances the clock by a second, so that one session is the oldest. */
  async function login(email: string, headers: Record<string, string> = {}) {
    auth.clock.advance({ seconds: 1 });
    replica.clock.advance({ seconds: 1 });
    const body = { email, password: PASSWORD, resource: [ISSUER, PHOTOS] };
    const answer = await auth.json('/auth/login', body, headers);
    const { refresh_token = '' } = answer.body;
    const own = await auth.refresh(refresh_token, { resource: ISSUER });
    return {
      sid: String(decodeClaims(own.body['access_token'])['sid']),
      token: own.body['access_token'] ?? '',
      refreshToken: own.body['refresh_token'] ?? '',
    };
  }

  const call = (route: string, token: string, on = auth): Promise<TestResponse> => {
    const [method = '', path = ''] = route.split(/ (.*)/);
    return on.send(path, { method, headers: { authorization: `Bearer ${token}` } });
  };
  const list = async (token: string) =>
    JSON.parse((await call('GET /auth/sessions', token)).text).sessions;
  const idsOf = async (token: string): Promise<string[]> =>
    (await list(token)).map(({ id }: { id: string }) => id);
  const activeSessions = (accountId: string) => auth.app.get(SessionService).listActive(accountId);
  const changePassword = (
    token: string,
    words: [string, string],
    on = auth,
  ): Promise<TestResponse> =>
    on.json(
      '/auth/password',
      { current_password: words[0], new_password: words[1] },
      { authorization: `Bearer ${token}` },
    );
  const events = (accountId: string, type: string) =>
    auth.app
      .get(UnitOfWork)
      .query<{
        detail: string;
      }>('SELECT detail FROM security_event WHERE account_id = $1 AND type = $2', [accountId, type])
      .then((rows): Record<string, string>[] => rows.map(({ detail }) => JSON.parse(detail)));

  const notices = (accountId: string, kind: string) =>
    auth.app
      .get(UnitOfWork)
      .query<{
        detail: string;
      }>('SELECT detail FROM notification WHERE account_id = $1 AND kind = $2', [accountId, kind])
      .then((rows) => rows.map(({ detail }) => JSON.parse(detail)));

  describe('the list of the account’s own sessions', () => {
    it('lists device, network and times of each session', async () => {
      const { email } = await aPerson();
      const old = await login(email, { 'user-agent': PHONE, 'x-forwarded-for': '203.0.113.77' });
      const createdAt = new Date(auth.clock.now()).toISOString();
      const { token, sid } = await login(email);
      const now = auth.clock.now();
      const { status, headers, text } = await call('GET /auth/sessions', token);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      const [first, second, ...others] = JSON.parse(text).sessions;
      expect(others).toEqual([]);
      expect(first).toMatchObject({ id: sid, origin: '127.0.0.0/24', current: true });
      expect(second).toEqual({
        id: old.sid,
        client_id: 'gatehouse-first-party',
        user_agent: PHONE,
        origin: '203.0.113.0/24',
        created_at: createdAt,
        last_used_at: createdAt,
        ends_at: new Date(now - 1000 + 14 * 86_400_000).toISOString(),
        current: false,
      });
    });

    it('lists neither sessions of other accounts nor expired sessions', async () => {
      const [ada, bob] = [await aPerson(), await aPerson()];
      await login(bob.email);
      const forgotten = await login(ada.email);
      auth.clock.advance({ seconds: 14 * 86_400 });
      replica.clock.advance({ seconds: 14 * 86_400 });
      const { token, sid } = await login(ada.email);
      expect(await idsOf(token)).toEqual([sid]);
      expect((await call(`DELETE /auth/sessions/${forgotten.sid}`, token)).status).toBe(404);
    });
  });

  describe('the revocation of sessions (OWASP ASVS 7.4.5)', () => {
    it('revokes a session, so that this server rejects its refresh token and access tokens at once', async () => {
      const { email, id } = await aPerson();
      const stolen = await login(email);
      const { token } = await login(email);
      const [one, two] = await Promise.all([
        call(`DELETE /auth/sessions/${stolen.sid}`, token),
        call(`DELETE /auth/sessions/${stolen.sid}`, token, replica),
      ]);
      expect([one.status, two.status].sort()).toEqual([204, 404]);
      expect((await auth.refresh(stolen.refreshToken)).body).toMatchObject({
        error: 'invalid_grant',
      });
      expect(await call('GET /auth/sessions', stolen.token, replica)).toMatchObject(revoked);
      expect((await call('GET /auth/sessions', token)).status).toBe(200);
      expect(await events(id, 'family.ended')).toMatchObject([
        { reason: 'ended_by_owner', sessionId: stolen.sid },
      ]);
      expect(await notices(id, 'refresh_token_reused')).toEqual([]);
    });

    it('returns the same response for a session of another account as for an unknown one (RFC 9110 §15.5.5)', async () => {
      const [ada, eve] = [await aPerson(), await aPerson()];
      const victim = await login(ada.email);
      const { token } = await login(eve.email);
      const answers = await Promise.all(
        [victim.sid, 'A'.repeat(22), 'x', '%00', '%F0%9F%94%91', "' OR 1=1"].map((id) =>
          call(`DELETE /auth/sessions/${id}`, token),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(await idsOf(victim.token)).toEqual([victim.sid]);
    });

    it('revokes all other sessions, and returns their number', async () => {
      const [ada, bob] = [await aPerson(), await aPerson()];
      const bystander = await login(bob.email);
      const others = [await login(ada.email), await login(ada.email)];
      const { token, sid, refreshToken } = await login(ada.email);
      const answers = await Promise.all([
        call('DELETE /auth/sessions', token),
        call('DELETE /auth/sessions', token, replica),
      ]);
      expect(answers.map(({ text }) => JSON.parse(text).ended).sort()).toEqual([0, 2]);
      expect(await idsOf(token)).toEqual([sid]);
      for (const other of others) expect((await auth.refresh(other.refreshToken)).status).toBe(400);
      expect((await auth.refresh(refreshToken)).status).toBe(200);
      expect(await events(ada.id, 'family.ended')).toHaveLength(2);
      expect(await idsOf(bystander.token)).toEqual([bystander.sid]);
    });
  });

  describe('access to the session API (RFC 6750 §3.1)', () => {
    it('rejects an access token for another resource server', async () => {
      const { email } = await aPerson();
      const { body } = await auth.login(email);
      const answer = await call('GET /auth/sessions', body['access_token'] ?? '');
      expect(answer).toMatchObject(revoked);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
    });

    it('rejects an access token without the required scope', async () => {
      const { email } = await aPerson();
      const more = { resource: ISSUER, scope: 'sessions:read' };
      const token = (await auth.login(email, more)).body['access_token'] ?? '';
      const answer = await call('DELETE /auth/sessions', token);
      expect(answer.status).toBe(403);
      expect(answer.headers.get('www-authenticate')).toContain('scope="sessions:end"');
      expect((await changePassword(token, [PASSWORD, 'another password'])).status).toBe(403);
      expect((await call('GET /auth/sessions', token)).status).toBe(200);
    });

    it('rejects a request without a token, with a Bearer challenge', async () => {
      const answer = await auth.send('/auth/sessions', {});
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    });

    it('describes the required scopes in the OpenAPI document', async () => {
      const { paths, components } = JSON.parse((await auth.send('/docs-json', {})).text);
      expect(Object.keys(components.securitySchemes).sort()).toEqual(['access-token', 'client']);
      expect(paths['/auth/sessions'].get.security).toEqual([{ 'access-token': ['sessions:read'] }]);
      expect(paths['/auth/password'].post.security).toEqual([
        { 'access-token': ['account:password'] },
      ]);
      expect(paths['/oauth/token'].post.security).toEqual([{ client: [] }]);
      expect(paths['/auth/login'].post.security).toEqual([]);
    });
  });

  describe('a password change', () => {
    it('revokes every other session at a password change, and keeps the current one (OWASP ASVS 7.4.3)', async () => {
      const { email, id } = await aPerson();
      const thief = await login(email);
      const { token, sid, refreshToken } = await login(email);
      const answer = await changePassword(token, [PASSWORD, 'another password']);
      expect([answer.status, answer.text]).toEqual([200, '{"ended":1}']);
      expect((await auth.refresh(thief.refreshToken)).status).toBe(400);
      expect((await auth.refresh(refreshToken)).status).toBe(200);
      expect(await idsOf(token)).toEqual([sid]);
      expect((await auth.login(email)).status).toBe(400);
      expect((await auth.login(email, { password: 'another password' })).status).toBe(200);
      expect(await events(id, 'account.password_changed')).toMatchObject([{ by: 'owner' }]);
      expect(await notices(id, 'password_changed')).toHaveLength(1);
    });

    it('rejects a password change with a wrong current password, and records it (OWASP ASVS 6.2.3)', async () => {
      const { email } = await aPerson();
      const { token } = await login(email);
      const guesses = () =>
        auth.app
          .get(UnitOfWork)
          .query("SELECT id FROM security_event WHERE type = 'login.failed'")
          .then(({ length }) => length);
      const before = await guesses();
      const answer = await changePassword(token, ['a wrong guess', 'another password']);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await guesses()).toBe(before + 1);
      expect([answer.status, answer.body]).toEqual([
        400,
        {
          type: 'about:blank',
          title: 'Bad Request',
          status: 400,
          detail: 'The current password is wrong.',
          error: 'invalid_grant',
        },
      ]);
      expect((await auth.login(email)).status).toBe(200);
    });

    it.each([
      ['short', 'seven77'],
      ['long', 'x'.repeat(129)],
    ])('rejects a new password that is too %s', async (_, password) => {
      const { email } = await aPerson();
      const { token } = await login(email);
      expect((await changePassword(token, [PASSWORD, password])).status).toBe(400);
      expect((await auth.login(email)).status).toBe(200);
    });

    it('rejects the e-mail address as new password', async () => {
      const { email } = await aPerson();
      const { token } = await login(email);
      expect((await changePassword(token, [PASSWORD, email.toUpperCase()])).status).toBe(400);
      expect((await auth.login(email)).status).toBe(200);
    });

    it('accepts one of two concurrent password changes', async () => {
      const { email, id } = await aPerson();
      const [one, two] = [await login(email), await login(email)];
      const answers = await Promise.all([
        changePassword(one.token, [PASSWORD, 'the first password']),
        changePassword(two.token, [PASSWORD, 'the second password'], replica),
      ]);
      const words = ['the first password', 'the second password'];
      const won = answers.findIndex(({ status }) => status === 200);
      // The other request fails because the current password is wrong by then, or because its session is revoked already.
      expect([400, 401]).toContain(answers[1 - won]?.status);
      expect((await auth.login(email, { password: words[won] })).status).toBe(200);
      expect((await auth.login(email, { password: words[1 - won] })).status).toBe(400);
      expect(await events(id, 'account.password_changed')).toHaveLength(1);
    });

    it('rejects logins that began with the old password', async () => {
      const { email, id } = await aPerson();
      const { token, sid } = await login(email);
      const [change, ...logins] = await Promise.all([
        changePassword(token, [PASSWORD, 'another password']),
        replica.login(email),
        auth.login(email),
      ]);
      expect(change?.status).toBe(200);
      expect(logins.every(({ status }) => status === 200 || status === 400)).toBe(true);
      expect((await activeSessions(id)).map((session) => session.id)).toEqual([sid]);
    });
  });

  describe('the limit of sessions per account (OWASP ASVS 7.1.2)', () => {
    it('revokes the oldest session when a login exceeds the limit', async () => {
      const { email, id } = await aPerson();
      const oldest = await login(email);
      const others = [await login(email), await login(email), await login(email)];
      const { token } = others[2] ?? { token: '' };
      expect(await idsOf(token)).toEqual(others.map(({ sid }) => sid).reverse());
      expect((await auth.refresh(oldest.refreshToken)).status).toBe(400);
      expect(await events(id, 'family.ended')).toMatchObject([
        { reason: 'session_limit', sessionId: oldest.sid },
      ]);
    });

    it('pushes out the own oldest session of a client that logs in twenty times, and ends one session elsewhere at most', async () => {
      const { email, id } = await aPerson();
      const elsewhere = [await login(email), await login(email), await login(email)];
      const busy = await aClient(auth);
      for (let logins = 0; logins < 20; logins += 1) {
        auth.clock.advance({ seconds: 1 });
        await aSession(auth, busy, { accountId: id });
      }
      const statuses = [];
      for (const { refreshToken } of elsewhere)
        statuses.push((await auth.refresh(refreshToken)).status);
      expect(statuses).toEqual([400, 200, 200]);
      expect(await activeSessions(id)).toHaveLength(3);
    });

    it('keeps the limit for eight concurrent logins on two replicas', async () => {
      const { email, id } = await aPerson();
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => (n % 2 ? auth : replica).login(email)),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(await activeSessions(id)).toHaveLength(3);
      const uses = answers.map(({ body }) => auth.refresh(body['refresh_token'] ?? ''));
      const kept = (await Promise.all(uses)).filter(({ status }) => status === 200);
      expect(kept).toHaveLength(3);
      expect(await events(id, 'family.ended')).toHaveLength(5);
    });

    it('does not count expired sessions towards the limit', async () => {
      const { email, id } = await aPerson();
      await Promise.all([auth.login(email), auth.login(email), auth.login(email)]);
      auth.clock.advance({ seconds: 14 * 86_400 });
      replica.clock.advance({ seconds: 14 * 86_400 });
      await Promise.all([auth.login(email), auth.login(email), auth.login(email)]);
      expect(await activeSessions(id)).toHaveLength(3);
      expect(await events(id, 'family.ended')).toEqual([]);
    });
  });

  it('disables an account once, revokes its sessions and rejects its logins', async () => {
    const { email, id } = await aPerson();
    const { token, refreshToken } = await login(email);
    const twice = await Promise.all(
      [auth, replica].map(({ app }) => app.get(AccountOperationsService).disable(id, 'operator')),
    );
    expect(twice.sort()).toEqual([false, true]);
    expect((await auth.refresh(refreshToken)).status).toBe(400);
    expect(await call('GET /auth/sessions', token)).toMatchObject(revoked);
    expect((await auth.login(email)).status).toBe(400);
    expect(await events(id, 'account.disabled')).toMatchObject([{ by: 'operator' }]);
  });

  it('notifies the account owner of a reused refresh token and names the device (RFC 9700 §4.14.2)', async () => {
    const { email, id } = await aPerson();
    const { refreshToken } = await login(email, { 'user-agent': PHONE });
    const next = await auth.refresh(refreshToken);
    await auth.refresh(next.body['refresh_token'] ?? '');
    await Promise.all([auth.refresh(refreshToken), replica.refresh(refreshToken)]);
    expect(await notices(id, 'refresh_token_reused')).toEqual([
      { userAgent: PHONE, origin: '127.0.0.0/24' },
    ]);
    expect(await events(id, 'family.ended')).toMatchObject([{ reason: 'reuse' }]);
  });
});
