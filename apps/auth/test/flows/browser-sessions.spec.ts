import { randomBytes } from 'node:crypto';
import { CleanupJob, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import type { Account } from '../../src/accounts/account.entity.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import {
  BrowserSessionRevocation,
  BrowserSessionService,
} from '../../src/sessions/browser-session.service.js';
import { SessionService } from '../../src/sessions/session.service.js';
import {
  aClient,
  anAccount,
  buildAuthorizationQuery,
  CALLBACK,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import {
  decodeClaims,
  PASSWORD,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const DEVICE = { userAgent: null, origin: null };
const DAY = 86_400;

eachDatabase('browser sessions', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  let client: string;
  let person: Account;
  beforeAll(async () => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      SERVER_SECRET: 'x'.repeat(32),
      SESSIONS_PER_ACCOUNT: '3',
    };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
    client = await aClient(auth, { firstParty: true });
  });
  beforeEach(async () => {
    person = await anAccount(auth);
  });
  afterAll(() => Promise.all([auth.stop(), replica.stop()]));

  const wait = (seconds: number) => {
    for (const { clock } of [auth, replica]) clock.advance({ seconds });
  };
  const aBrowser = async (account: Account = person) => {
    const browser = new TestBrowser(auth);
    await browser.signIn(account);
    return browser;
  };
  /** The same browser, whose requests another replica answers. */
  const atTheReplica = (browser: TestBrowser) => {
    const same = new TestBrowser(replica);
    for (const [name, value] of browser.cookies) same.cookies.set(name, value);
    return same;
  };
  const logIn = async (browser: TestBrowser, { email }: Account = person, query = '') =>
    browser.submit(await browser.open(`/login${query}`), { login: email, password: PASSWORD });

  const isLoggedIn = async (browser: TestBrowser) =>
    (await atTheReplica(browser).open('/account')).status === 200;
  const activeSessions = (account: Account = person) =>
    auth.app.get(BrowserSessionService).listActive(account.id);
  const current = async (browser: TestBrowser) => {
    const session = await auth.app
      .get(BrowserSessionService)
      .findCurrent(`session-3000=${browser.cookies.get('session-3000')}`);
    if (!session) throw new Error('this browser is not logged in');
    return session;
  };
  const events = async (type: string, account: Account = person) => {
    const rows = await auth.app.get(UnitOfWork).query<{
      detail: string;
    }>('SELECT detail FROM security_event WHERE type = $1 AND account_id = $2', [type, account.id]);
    return rows.map(({ detail }): Record<string, string> => JSON.parse(detail));
  };

  const redeem = (code: string, on = auth): Promise<TestResponse> =>
    on.token({
      grant_type: 'authorization_code',
      client_id: client,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
  /** A session at the client that is created in this browser. */
  const aSession = async (browser: TestBrowser, scope = 'openid') => {
    const { body } = await redeem(await browser.obtainCode(client, { scope }));
    return {
      refreshToken: body['refresh_token'] ?? '',
      sid: String(decodeClaims(body['id_token'])['sid']),
    };
  };
  const refreshes = async ({ refreshToken: refresh_token }: { refreshToken: string }) => {
    const parameters = { grant_type: 'refresh_token', client_id: client, refresh_token };
    return (await auth.token(parameters)).status === 200;
  };

  describe('a login', () => {
    it('creates a browser session that other clients and replicas use (single sign-on)', async () => {
      const browser = new TestBrowser(auth);
      const answer = await logIn(browser);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
      const another = await aClient(auth, { firstParty: true });
      expect(await atTheReplica(browser).obtainCode(another)).toBeDefined();
      expect(await events('browser_session.begun')).toHaveLength(1);
    });

    it('creates a new secret at each login and makes the previous one invalid (ASVS 7.2.4)', async () => {
      const browser = await aBrowser();
      const session = await aSession(browser);
      const before = atTheReplica(browser);
      await logIn(browser, person, `?ticket=${await ticketFor(browser)}`);
      expect(browser.cookies.get('session-3000')).not.toBe(before.cookies.get('session-3000'));
      expect(await isLoggedIn(before)).toBe(false);
      expect(await isLoggedIn(browser)).toBe(true);
      expect(await activeSessions()).toHaveLength(1);
      expect(await refreshes(session)).toBe(true);
      expect(await events('browser_session.renewed')).toHaveLength(1);
    });

    it('never uses a session secret that the browser sent before the login (session fixation)', async () => {
      const browser = new TestBrowser(auth);
      const planted = randomBytes(32).toString('base64url');
      browser.cookies.set('session-3000', planted);
      await logIn(browser);
      expect(browser.cookies.get('session-3000')).not.toBe(planted);
      expect(await isLoggedIn(browser)).toBe(true);
    });

    it('revokes the browser session of another person at a login in the same browser', async () => {
      const other = await anAccount(auth);
      const browser = await aBrowser();
      const session = await aSession(browser);
      await logIn(browser, other, `?ticket=${await ticketFor(browser)}`);
      expect(await activeSessions()).toEqual([]);
      expect(await activeSessions(other)).toHaveLength(1);
      expect(await refreshes(session)).toBe(false);
      expect(await events('browser_session.ended')).toMatchObject([{ reason: 'logout' }]);
    });

    it('creates a browser session with its own secret for each concurrent login in one browser', async () => {
      const browser = await aBrowser();
      const previous = await current(browser);
      const begun = await Promise.all(
        [auth, replica, auth].map(({ app }) =>
          app.get(BrowserSessionService).create(person, DEVICE, previous),
        ),
      );
      expect(new Set(begun.map((one) => one?.secret)).size).toBe(3);
      expect(await activeSessions()).toHaveLength(3);
      expect(await isLoggedIn(browser)).toBe(false);
      for (const one of begun) {
        browser.cookies.set('session-3000', one?.secret ?? '');
        expect(await isLoggedIn(browser)).toBe(true);
      }
    });

    it('rejects login data that no database can store', async () => {
      const browser = new TestBrowser(auth);
      const page = await browser.open('/login');
      for (const login of ['\0', 'a\0@b.example', '\ud800', '\r\n', "'; DROP TABLE account; --"]) {
        expect((await browser.submit(page, { login, password: '\0' })).status).toBe(400);
      }
      expect((await browser.open('/oauth/logout?client_id=%00')).status).toBe(303);
    });

    it('creates no browser session if the password changed since the person authenticated', async () => {
      await auth.app
        .get(AccountOperationsService)
        .changePassword(person.id, 'another password', { by: 'operator' });
      expect(await auth.app.get(BrowserSessionService).create(person, DEVICE)).toBeUndefined();
      expect(await activeSessions()).toEqual([]);
    });

    it('revokes the oldest browser session when a login exceeds the limit (ASVS 7.1.2)', async () => {
      const oldest = await aBrowser();
      wait(1);
      const begun = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          (n % 2 ? auth : replica).app.get(BrowserSessionService).create(person, DEVICE),
        ),
      );
      expect(begun.every(Boolean)).toBe(true);
      expect(await activeSessions()).toHaveLength(3);
      wait(1);
      await logIn(new TestBrowser(auth));
      expect(await activeSessions()).toHaveLength(3);
      expect(await isLoggedIn(oldest)).toBe(false);
      expect(await events('browser_session.ended')).toMatchObject(
        Array.from({ length: 7 }, () => ({ reason: 'session_limit' })),
      );
    });

    it('ends no session of another device when one device logs in twenty times above the limit', async () => {
      const phone = await aBrowser();
      const desktop = { ...DEVICE, userAgent: 'Desktop/1.0' };
      for (let logins = 0; logins < 20; logins += 1) {
        wait(1);
        await auth.app.get(BrowserSessionService).create(person, desktop);
      }
      expect(await isLoggedIn(phone)).toBe(true);
    });

    /** The ticket of an authorization request that requires a new login. */
    async function ticketFor(browser: TestBrowser): Promise<string> {
      wait(1);
      const query = buildAuthorizationQuery(client, { prompt: 'login' });
      const { headers } = await browser.open(`/oauth/authorize?${query}`);
      return new URL(headers.get('location') ?? '', CALLBACK).searchParams.get('ticket') ?? '';
    }
  });

  describe('the lifetime of a browser session', () => {
    it('accepts a browser session that is used at least once a day', async () => {
      const browser = await aBrowser();
      wait(DAY - 1);
      expect(await isLoggedIn(browser)).toBe(true);
      wait(DAY - 1);
      expect(await isLoggedIn(browser)).toBe(true);
      wait(DAY);
      expect(await isLoggedIn(browser)).toBe(false);
    });

    it('rejects a browser session two weeks after the latest login', async () => {
      const browser = await aBrowser();
      for (let day = 0; day < 13; day += 1) {
        wait(DAY - 1);
        expect(await isLoggedIn(browser)).toBe(true);
      }
      wait(DAY - 1);
      expect(await isLoggedIn(browser)).toBe(true);
      wait(14);
      expect(await isLoggedIn(browser)).toBe(false);
    });

    it('records the last use of a browser session at most once a minute', async () => {
      const browser = await aBrowser();
      const began = auth.clock.now();
      const lastUsed = async () => (await activeSessions())[0]?.lastUsedAt.getTime();
      wait(59);
      await isLoggedIn(browser);
      expect(await lastUsed()).toBe(began);
      wait(1);
      await Promise.all(Array.from({ length: 10 }, () => isLoggedIn(browser)));
      expect(await lastUsed()).toBe(began + 60_000);
      wait(59);
      await isLoggedIn(browser);
      expect(await lastUsed()).toBe(began + 60_000);
    });

    it('rejects a forged session cookie', async () => {
      const secrets = ['', 'x', 'A'.repeat(43), '%00', "'--", 'ü'.repeat(43), 'A'.repeat(5000)];
      for (const secret of secrets) {
        const cookie = `session-3000=${encodeURIComponent(secret)}`;
        const answer = await auth.send('/account', { headers: { cookie } });
        expect([answer.status, answer.headers.get('location')]).toEqual([303, '/login']);
      }
    });
  });

  describe('the end of a browser session', () => {
    it('revokes the sessions created in a revoked browser session, except those with offline_access', async () => {
      const browser = await aBrowser();
      const online = await aSession(browser);
      const offline = await aSession(browser, 'openid offline_access');
      const elsewhere = await aSession(await aBrowser());
      await auth.app.get(BrowserSessionService).revoke((await current(browser)).id);
      expect(await isLoggedIn(browser)).toBe(false);
      expect(await Promise.all([online, offline, elsewhere].map(refreshes))).toEqual([
        false,
        true,
        true,
      ]);
      expect(await events('family.ended')).toMatchObject([
        { reason: 'logout', sessionId: online.sid },
      ]);
    });

    it('records one security event for concurrent revocations of a browser session', async () => {
      const { id } = await current(await aBrowser());
      await Promise.all(
        [auth, replica, auth].map(({ app }) => app.get(BrowserSessionService).revoke(id)),
      );
      expect(await events('browser_session.ended')).toHaveLength(1);
    });

    it('rejects an authorization code that was issued before its browser session was revoked', async () => {
      const browser = await aBrowser();
      const code = await browser.obtainCode(client);
      await auth.app.get(BrowserSessionService).revoke((await current(browser)).id);
      expect((await redeem(code)).body['error']).toBe('invalid_grant');
    });

    it('leaves no session when clients exchange codes while the browser session is revoked', async () => {
      const browser = await aBrowser();
      const codes = await Promise.all([1, 2, 3].map(() => browser.obtainCode(client)));
      const { id } = await current(browser);
      const [, ...answers] = await Promise.all([
        replica.app.get(BrowserSessionService).revoke(id),
        ...codes.map((code) => redeem(code)),
      ]);
      expect(answers.every(({ status }) => status === 200 || status === 400)).toBe(true);
      expect(await auth.app.get(SessionService).listActive(person.id)).toEqual([]);
    });

    it('revokes all browser sessions of an account that is disabled', async () => {
      const browsers = [await aBrowser(), await aBrowser()];
      const session = await aSession(browsers[0] ?? new TestBrowser(auth), 'openid offline_access');
      await auth.app.get(AccountOperationsService).disable(person.id, 'operator');
      expect(await Promise.all(browsers.map(isLoggedIn))).toEqual([false, false]);
      expect(await refreshes(session)).toBe(false);
      expect(await events('browser_session.ended')).toMatchObject([
        { reason: 'account_disabled' },
        { reason: 'account_disabled' },
      ]);
    });

    it('revokes all browser sessions at a password change, except the one of the current session (ASVS 7.4.3)', async () => {
      const [own, thief] = [await aBrowser(), await aBrowser()];
      const kept = await aSession(own);
      const stolen = await aSession(thief);
      await auth.app.get(AccountOperationsService).changePassword(person.id, 'another password', {
        by: 'owner',
        kept: { kind: 'session', id: kept.sid },
      });
      expect(await Promise.all([own, thief].map(isLoggedIn))).toEqual([true, false]);
      expect(await Promise.all([kept, stolen].map(refreshes))).toEqual([true, false]);
    });

    it('revokes all browser sessions when the operator sets a new password', async () => {
      const browser = await aBrowser();
      const ended = await auth.app
        .get(AccountOperationsService)
        .changePassword(person.id, 'another password', { by: 'operator' });
      expect(ended).toBe(0);
      expect(await isLoggedIn(browser)).toBe(false);
    });

    it('revokes the browser session with a session created in it, because the browser could get a new one', async () => {
      const [own, lost] = [await aBrowser(), await aBrowser()];
      const [kept, session] = [await aSession(own), await aSession(lost)];
      const ends = await Promise.all(
        [auth, replica].map(({ app }) =>
          app.get(SessionService).revoke(person.id, session.sid, 'ended_by_owner'),
        ),
      );
      expect(ends.sort()).toEqual([false, true]);
      expect(await Promise.all([own, lost].map(isLoggedIn))).toEqual([true, false]);
      expect(await Promise.all([kept, session].map(refreshes))).toEqual([true, false]);
    });

    it('revokes all other browser sessions with all other sessions, and counts the sessions at clients', async () => {
      const [own, other] = [await aBrowser(), await aBrowser()];
      const [kept, session] = [await aSession(own), await aSession(other)];
      const counts = await Promise.all(
        [auth, replica].map(({ app }) =>
          app
            .get(SessionService)
            .revokeAllOfAccount(person.id, 'ended_by_owner', { kind: 'session', id: kept.sid }),
        ),
      );
      expect(counts.sort()).toEqual([0, 1]);
      expect(await Promise.all([own, other].map(isLoggedIn))).toEqual([true, false]);
      expect(await Promise.all([kept, session].map(refreshes))).toEqual([true, false]);
    });

    it('keeps a browser session if the transaction that revoked it is rolled back', async () => {
      const browser = await aBrowser();
      const change = auth.app.get(UnitOfWork).transaction(async () => {
        await auth.app.get(BrowserSessionRevocation).revokeAllOfAccount(person.id, 'logout');
        throw new Error('the rest failed');
      });
      await expect(change).rejects.toThrow('the rest failed');
      expect(await isLoggedIn(browser)).toBe(true);
      expect(await events('browser_session.ended')).toEqual([]);
    });
  });

  it('deletes browser sessions that ended or expired more than a day ago, and no others', async () => {
    const gone = await current(await aBrowser());
    await auth.app.get(BrowserSessionService).revoke(gone.id);
    const idle = await current(await aBrowser());
    const used = await aBrowser();
    const rows = () =>
      auth.app
        .get(UnitOfWork)
        .query<{ id: string }>('SELECT id FROM browser_session WHERE account_id = $1', [person.id])
        .then((found) => found.map(({ id }) => id));
    const clear = () => auth.app.get(CleanupJob).run(new AbortController().signal);
    wait(DAY - 1);
    await isLoggedIn(used);
    await clear();
    expect((await rows()).sort()).toEqual([gone.id, idle.id, (await current(used)).id].sort());
    wait(2);
    await clear();
    expect(await rows()).toEqual([(await current(used)).id]);
  });

  it('rejects a browser session of an account that another process disabled', async () => {
    const browser = await aBrowser();
    await auth.app.get(AccountRepository).disable(person.id);
    expect(await isLoggedIn(browser)).toBe(false);
  });
});
