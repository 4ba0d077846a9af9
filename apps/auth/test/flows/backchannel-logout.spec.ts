import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { waitUntil } from '@gatehouse/service-kit/testing';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { Account } from '../../src/accounts/account.entity.js';
import type { ClientRegistration } from '../../src/clients/client.repository.js';
import { AccountErasureService } from '../../src/sessions/account-erasure.service.js';
import {
  AccountOperationsService,
  RoleOperationsService,
} from '../../src/sessions/account-operations.service.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { AuthorizedClientService } from '../../src/sessions/consent.service.js';
import { SessionService } from '../../src/sessions/session.service.js';
import { deriveSessionId } from '../../src/tokens/issued-credentials.js';
import { aSession, refreshSession } from '../support/factories.js';
import { LogoutReceiver } from '../support/logout-receiver.js';
import { aClient, anAccount, CALLBACK, TestBrowser, VERIFIER } from '../support/test-browser.js';
import { decodeClaims, TestAuth, toDatabaseSettings } from '../support/test-auth.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const DAY = 86_400;

const sessionIdOf = (refreshToken: string) => deriveSessionId(refreshToken.split('.')[0] ?? '');

eachDatabase('back-channel logout (OpenID Connect Back-Channel Logout 1.0)', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  let receiver: LogoutReceiver;
  let client: string;
  let user: Account;
  beforeAll(async () => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      SERVER_SECRET: 'x'.repeat(32),
      LOG_LEVEL: 'warn',
    };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
    receiver = await LogoutReceiver.start();
    client = await aToldClient();
  });
  beforeEach(async () => {
    user = await anAccount(auth);
    receiver.answer = 200;
  });
  afterAll(() => Promise.all([auth.stop(), replica.stop(), receiver.stop()]));

  function aToldClient(more: Partial<ClientRegistration> = {}) {
    return aClient(auth, {
      firstParty: true,
      backchannelLogoutUri: receiver.uri,
      scope: ['openid', 'photos:read', 'photos:read:any'],
      ...more,
    });
  }
  const deliver = (on = auth) => on.app.get(Scheduler).runNow('logout-deliveries');
  const pass = (seconds: number) => {
    for (const one of [auth, replica]) one.clock.advance({ seconds });
  };
  /** Nest has one logger, that of the server which started last. */
  const log = () => [auth, replica].flatMap((server) => server.log);
  const waiting = (sessionId: string) =>
    auth.app
      .get(UnitOfWork)
      .query('SELECT attempts FROM logout_delivery WHERE session_id = $1', [sessionId]);
  const delivered = (sessionId: string) =>
    waitUntil(async () => (await waiting(sessionId)).length === 0, {
      description: 'the end of the delivery',
    });
  const putOff = (sessionId: string) =>
    waitUntil(
      async () => {
        const [row] = await auth.app
          .get(UnitOfWork)
          .query<{ due: number | string }>(
            'SELECT next_attempt_at AS due FROM logout_delivery WHERE session_id = $1',
            [sessionId],
          );
        // A claim lasts ten seconds, and the first pause two to three.
        return row !== undefined && Math.abs(Number(row.due) - auth.clock.now() - 2_500) <= 500;
      },
      { description: 'a later attempt' },
    );
  /** A session of the user at the client. @returns its refresh token and its `sid` */
  async function aUsedSession(clientId = client, scope = ['openid', 'photos:read']) {
    const refreshToken = await aSession(auth, clientId, { accountId: user.id, scope });
    return { refreshToken, sid: sessionIdOf(refreshToken) };
  }
  const end = (accountId: string, sid: string, on = auth) =>
    on.app.get(SessionService).revoke(accountId, sid, 'ended_by_owner');

  async function signInTo(browser: TestBrowser, clientId: string, more = {}) {
    const { body } = await auth.token({
      grant_type: 'authorization_code',
      client_id: clientId,
      code: await browser.obtainCode(clientId, more),
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
    return body;
  }

  async function verify(token: string, audience = client) {
    const { text } = await auth.send('/.well-known/jwks.json', {});
    return jwtVerify(token, createLocalJWKSet(JSON.parse(text)), {
      issuer: auth.config.ISSUER,
      audience,
      typ: 'logout+jwt',
      currentDate: new Date(auth.clock.now()),
    });
  }

  it('sends each client of a browser session its logout token when the user signs out at one of them (§2.4, §2.5)', async () => {
    const other = await aToldClient();
    const browser = new TestBrowser(auth);
    await browser.signIn(user);
    const first = await signInTo(browser, client);
    const second = await signInTo(browser, other);
    const hint = new URLSearchParams({ id_token_hint: first['id_token'] ?? '' });
    await browser.open(`/oauth/logout?${hint.toString()}`);
    await deliver();

    for (const [clientId, body] of [
      [client, first],
      [other, second],
    ] as const) {
      const { sub, sid } = decodeClaims(body['id_token']);
      const [token = ''] = await receiver.receive(String(sid));
      const { payload, protectedHeader } = await verify(token, clientId);
      const iat = Math.floor(auth.clock.now() / 1000);
      expect(protectedHeader).toEqual({
        alg: 'ES256',
        typ: 'logout+jwt',
        kid: expect.any(String),
      });
      expect(payload).toEqual({
        iss: auth.config.ISSUER,
        aud: clientId,
        iat,
        exp: iat + 120,
        jti: expect.stringMatching(/^[\w-]{36}$/),
        events: { [EVENT]: {} },
        sub,
        sid,
      });
      await delivered(String(sid));
    }
    const request = receiver.requests.at(-1);
    expect([request?.method, request?.url, request?.headers['content-type']]).toEqual([
      'POST',
      '/back-channel-logout',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ]);
  });

  it('signs the logout token with the algorithm of the ID tokens of the client, with its pairwise subject (§2.4)', async () => {
    const pairwise = await aToldClient({ subjectType: 'pairwise', idTokenAlgorithm: 'ES256' });
    const browser = new TestBrowser(auth);
    await browser.signIn(user);
    const { sub, sid } = decodeClaims((await signInTo(browser, pairwise))['id_token']);
    await end(user.id, String(sid));
    await deliver();
    const [token = ''] = await receiver.receive(String(sid));
    expect(sub).not.toBe(user.id);
    expect(decodeClaims(token)).toMatchObject({ sub, sid });
  });

  it('rejects a logout token as ID token hint and as access token (§4.1)', async () => {
    const { sid } = await aUsedSession();
    await end(user.id, sid);
    await deliver();
    const [token = ''] = await receiver.receive(sid);
    const hint = new URLSearchParams({ id_token_hint: token, client_id: client });
    const browser = new TestBrowser(auth);
    await browser.signIn(user);
    const page = await browser.open(`/oauth/logout?${hint.toString()}`);
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('Sign out?')]);
    const headers = { authorization: `Bearer ${token}` };
    expect((await auth.send('/userinfo', { headers })).status).toBe(401);
  });

  const useRole = async () => {
    await auth.app.get(RoleOperationsService).grant(user.id, 'support', 'operator');
    return aUsedSession(client, ['openid', 'photos:read:any']);
  };
  type Session = Awaited<ReturnType<typeof aUsedSession>>;
  const ENDS: Readonly<Record<string, (session: Session) => Promise<unknown>>> = {
    'the client revokes its refresh token': ({ refreshToken }) =>
      auth.send('/oauth/revoke', {
        method: 'POST',
        body: new URLSearchParams({ token: refreshToken, client_id: client }),
      }),
    'the user ends the session': ({ sid }) => end(user.id, sid),
    'the user ends all sessions': () =>
      auth.app.get(SessionService).revokeAllOfAccount(user.id, 'ended_by_owner'),
    'a refresh token is used again': async ({ refreshToken }) => {
      const { refresh } = await refreshSession(auth, refreshToken, { client_id: client });
      await refreshSession(auth, refresh, { client_id: client });
      pass(3600);
      await refreshSession(auth, refreshToken, { client_id: client });
    },
    'the password changes': () =>
      auth.app
        .get(AccountOperationsService)
        .changePassword(user.id, 'another horse, another staple', { by: 'operator' }),
    'the operator disables the account': () =>
      auth.app.get(AccountOperationsService).disable(user.id, 'operator'),
    'the operator revokes a role that the session needs': () =>
      auth.app.get(RoleOperationsService).revoke(user.id, 'support', 'operator'),
    'the user withdraws the consent': async () => {
      const browser = new TestBrowser(auth);
      await browser.grantConsent(user, client);
      await auth.app.get(AuthorizedClientService).withdrawConsent(user.id, client);
    },
  };
  it.each(Object.keys(ENDS))('sends a logout token when %s', async (cause) => {
    const session = cause.includes('role') ? await useRole() : await aUsedSession();
    await ENDS[cause]?.(session);
    await deliver();
    const [token = ''] = await receiver.receive(session.sid);
    expect(decodeClaims(token)).toMatchObject({ aud: client, sub: user.id, sid: session.sid });
    await delivered(session.sid);
    expect(receiver.tokensFor(session.sid)).toHaveLength(1);
  });

  it('sends a logout token for a session with offline_access when its browser session ends, and the session goes on (§2.7)', async () => {
    const offline = await aToldClient({ scope: ['openid', 'offline_access'] });
    const browser = new TestBrowser(auth);
    await browser.signIn(user);
    const scope = 'openid offline_access';
    const body = await signInTo(browser, offline, { scope });
    const sid = String(decodeClaims(body['id_token'])['sid']);
    const [current] = await auth.app.get(BrowserSessionService).listActive(user.id);
    await auth.app.get(BrowserSessionService).revoke(current?.id ?? '');
    await deliver();
    await receiver.receive(sid);
    await delivered(sid);
    const next = await refreshSession(auth, body['refresh_token'] ?? '', { client_id: offline });
    expect(decodeClaims(next.access)['sid']).toBe(sid);
  });

  it('sends a logout token when the operator disables the client', async () => {
    const disabled = await aToldClient();
    const { sid } = await aUsedSession(disabled);
    await auth.app.get(ClientOperationsService).disable(disabled, 'operator');
    await deliver();
    await receiver.receive(sid);
    await delivered(sid);
  });

  it('sends a logout token without sub when the account is erased (§2.4)', async () => {
    const { sid } = await aUsedSession();
    await auth.app.get(AccountErasureService).erase(user.id, 'operator');
    await deliver();
    const [token = ''] = await receiver.receive(sid);
    const { payload } = await verify(token);
    expect(payload).not.toHaveProperty('sub');
  });

  it('sends nothing to a client without the option, and stores nothing for it', async () => {
    const silent = await aToldClient({ backchannelLogoutUri: null });
    const { sid } = await aUsedSession(silent);
    await end(user.id, sid);
    expect(await waiting(sid)).toEqual([]);
  });

  it('sends nothing when the transaction that ended the session was rolled back', async () => {
    const { sid } = await aUsedSession();
    const rolledBack = auth.app.get(UnitOfWork).transaction(async () => {
      await end(user.id, sid);
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect(await waiting(sid)).toEqual([]);
  });

  it('tells a client that was down later, with a new jti in each attempt', async () => {
    receiver.answer = 503;
    const { sid } = await aUsedSession();
    await end(user.id, sid);
    await deliver();
    await receiver.receive(sid, 1);
    await putOff(sid);
    receiver.answer = 204;
    pass(4);
    await deliver();
    const tokens = await receiver.receive(sid, 2);
    await delivered(sid);
    const [first, second] = tokens.map(decodeClaims);
    expect(second?.['jti']).not.toBe(first?.['jti']);
    expect(Number(second?.['iat'])).toBe(Number(first?.['iat']) + 4);
    const lines = log().filter((line) => line.includes(client));
    expect(lines.join()).toContain(
      'does not accept logout tokens, which are sent again: it answered 503',
    );
    expect(log().join()).not.toContain(tokens[0]);
  });

  it('follows no redirect of a client, and sends the token again', async () => {
    receiver.answer = 307;
    const { sid } = await aUsedSession();
    await end(user.id, sid);
    await deliver();
    await receiver.receive(sid, 1);
    await putOff(sid);
    expect(receiver.requests.map(({ url }) => url)).not.toContain('/elsewhere');
  });

  it('does not send a token again that the client rejected with 400 (§2.8)', async () => {
    receiver.answer = 400;
    const { sid } = await aUsedSession();
    await end(user.id, sid);
    await deliver();
    await receiver.receive(sid, 1);
    await delivered(sid);
    expect(log().join()).toContain(`${client} rejected the logout token of session ${sid} (400)`);
  });

  it('gives up after a day, and tells the operator', async () => {
    receiver.answer = 500;
    const { sid } = await aUsedSession();
    await end(user.id, sid);
    pass(DAY);
    await deliver();
    await receiver.receive(sid, 1);
    await delivered(sid);
    expect(log().join()).toContain(`did not learn within a day that session ${sid} ended`);
  });

  it('forgets the token of a client from which the operator removed the option', async () => {
    const changed = await aToldClient();
    const { sid } = await aUsedSession(changed);
    receiver.answer = 503;
    await end(user.id, sid);
    await deliver();
    await receiver.receive(sid);
    await aToldClient({ id: changed, backchannelLogoutUri: null });
    pass(10);
    await deliver();
    await delivered(sid);
    expect(receiver.tokensFor(sid)).toHaveLength(1);
  });

  it('delivers to other clients while one client does not answer', async () => {
    const stuck = await LogoutReceiver.start();
    stuck.answer = 'never';
    const slow = await aToldClient({ backchannelLogoutUri: stuck.uri });
    const atSlow = await Promise.all(Array.from({ length: 45 }, () => aUsedSession(slow)));
    const { sid } = await aUsedSession();
    await auth.app.get(SessionService).revokeAllOfClient(slow, 'client_disabled');
    await end(user.id, sid);
    await deliver();
    await receiver.receive(sid);
    await delivered(sid);
    // One batch of each replica waits for the answer, and the rest waits for the batches.
    const attempted = atSlow.filter((session) => stuck.tokensFor(session.sid).length > 0);
    expect(attempted.length).toBeLessThanOrEqual(40);
    await stuck.stop();
  });

  it('delivers once when two replicas deliver at the same time', async () => {
    const sessions = await Promise.all(Array.from({ length: 5 }, () => aUsedSession()));
    await auth.app.get(SessionService).revokeAllOfAccount(user.id, 'ended_by_owner');
    await Promise.all([deliver(auth), deliver(replica)]);
    for (const { sid } of sessions) {
      await receiver.receive(sid);
      await delivered(sid);
      expect(receiver.tokensFor(sid)).toHaveLength(1);
    }
  });

  it('sends no token of a session that goes on while another session of the user ends', async () => {
    const other = await aToldClient();
    const { sid } = await aUsedSession();
    const ended = await aUsedSession(other);
    await end(user.id, ended.sid);
    await deliver();
    await receiver.receive(ended.sid);
    expect(receiver.tokensFor(sid)).toEqual([]);
  });

  it('delivers on another replica what a process stored that ended before the delivery', async () => {
    const dying = await TestAuth.start({ ...settingsOf(auth) });
    await dying.app.get(Scheduler).beforeApplicationShutdown();
    const { sid } = await aUsedSession();
    await end(user.id, sid, dying);
    await dying.stop();
    await deliver(replica);
    await receiver.receive(sid);
    await delivered(sid);
  });
});

const settingsOf = ({ config }: TestAuth): Record<string, string> => ({
  DATA_DIR: config.DATA_DIR,
  SERVER_SECRET: 'x'.repeat(32),
  ...(config.DATABASE_URL !== undefined && { DATABASE_URL: config.DATABASE_URL }),
});
