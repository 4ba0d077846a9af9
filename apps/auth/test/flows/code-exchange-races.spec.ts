import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import type { Account } from '../../src/accounts/account.entity.js';
import { AccountErasureService } from '../../src/sessions/account-erasure.service.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { aClient, anAccount, CALLBACK, TestBrowser, VERIFIER } from '../support/test-browser.js';
import { TestAuth, toDatabaseSettings } from '../support/test-auth.js';

/** The user and the operator act on one replica, and the client exchanges its code on the other one. */
eachDatabase('an exchange of a code during a revocation', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  let client: string;
  let user: Account;
  let browser: TestBrowser;
  beforeAll(async () => {
    const settings = toDatabaseSettings(await fresh());
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
  });
  afterAll(() => Promise.all([auth.stop(), replica.stop()]));
  beforeEach(async () => {
    client = await aClient(auth);
    user = await anAccount(auth);
    browser = new TestBrowser(auth);
    await browser.signIn(user);
    await browser.grantConsent(user, client);
  });

  const redeem = (code: string) =>
    replica.token({
      grant_type: 'authorization_code',
      client_id: client,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
  const countSessions = async () => {
    const sql = 'SELECT id FROM refresh_token_family WHERE client_id = $1 AND ended_at IS NULL';
    return (await auth.app.get(UnitOfWork).query(sql, [client])).length;
  };

  /** On SQLite a writer asks for the lock until it gets it, so there is no state to wait for. */
  async function waitUntilBlocked(): Promise<void> {
    const database = auth.app.get(UnitOfWork);
    const blocked = 'SELECT pid FROM pg_locks WHERE NOT granted';
    while (database.isPostgres && (await database.query(blocked)).length === 0);
  }

  it.each<[string, () => Promise<unknown>]>([
    [
      'the user logs out',
      async () => {
        const sessions = auth.app.get(BrowserSessionService);
        for (const { id } of await sessions.listActive(user.id)) await sessions.revoke(id);
      },
    ],
    [
      'the account is disabled',
      () => auth.app.get(AccountOperationsService).disable(user.id, 'operator'),
    ],
    ['the account is deleted', () => auth.app.get(AccountErasureService).erase(user.id, 'owner')],
  ])('creates no session if %s in a transaction for which it waits', async (_, revoke) => {
    const code = await browser.obtainCode(client);
    const { redeeming } = await auth.app.get(UnitOfWork).transaction(async () => {
      await revoke();
      const redeeming = redeem(code);
      await waitUntilBlocked();
      return { redeeming };
    });
    expect(await redeeming).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await countSessions()).toBe(0);
  });

  it('creates no session for a client that another replica has just disabled (decision 34)', async () => {
    const codes = [await browser.obtainCode(client), await browser.obtainCode(client)];
    expect((await redeem(codes[0] ?? '')).status).toBe(200);
    await auth.app.get(ClientOperationsService).disable(client, 'operator');
    expect((await redeem(codes[1] ?? '')).status).toBe(400);
    expect(await countSessions()).toBe(0);
  });
});
