import { CleanupJob, Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { DataSource } from 'typeorm';
import type { Account } from '../../src/accounts/account.entity.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { InvitationRepository } from '../../src/accounts/invitation.service.js';
import { AccountRoleRepository } from '../../src/accounts/account-role.repository.js';
import { NotificationRepository } from '../../src/platform/notifications/notification.repository.js';
import {
  AccountDeletionService,
  AccountErasureService,
} from '../../src/sessions/account-erasure.service.js';
import { EmailChangeService } from '../../src/sessions/email-change.service.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { StatusSnapshotService } from '../../src/tokens/status-lists/status-snapshot.service.js';
import { aClient, anAccount, CALLBACK, TestBrowser, VERIFIER } from '../support/test-browser.js';
import { TestMailServer } from '../support/test-mail-server.js';
import { decodeClaims, PASSWORD, TestAuth, toDatabaseSettings } from '../support/test-auth.js';

const DAY_SECONDS = 86_400;

eachDatabase('an erased account (GDPR Art. 17)', (fresh) => {
  const mailServer = new TestMailServer();
  let auth: TestAuth;
  /** Another replica on the same database. */
  let replica: TestAuth;
  beforeAll(async () => {
    const settings = { ...toDatabaseSettings(await fresh()), SMTP_URL: await mailServer.start() };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
  });
  afterAll(() => mailServer.stop());

  const erase = ({ id }: { readonly id: string }) =>
    auth.app.get(AccountErasureService).erase(id, 'operator');
  /** All rows of all tables. */
  const readAll = async (): Promise<Readonly<Record<string, string>>> => {
    const database = auth.app.get(DataSource);
    const isPostgres = database.options.type === 'postgres';
    const tables: readonly { name: string }[] = await database.query(
      isPostgres
        ? `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'auth'`
        : `SELECT name FROM sqlite_master WHERE type = 'table'`,
    );
    const rows = tables.map(async ({ name }) => [
      name,
      JSON.stringify(await database.query(`SELECT * FROM ${name}`)),
    ]);
    return Object.fromEntries(await Promise.all(rows));
  };
  /** An account with a row in every table that refers to accounts. */
  const aFullAccount = async (): Promise<Account & { readonly refreshToken: string }> => {
    const account = await anAccount(auth);
    const { body } = await auth.json(
      '/auth/login',
      { email: account.email, password: 'correct horse battery staple' },
      { 'user-agent': 'Erasable/1.0' },
    );
    const client = await aClient(auth);
    const browser = new TestBrowser(auth);
    await browser.signIn(account);
    await browser.grantConsent(account, client);
    await browser.obtainCode(client);
    await auth.app.get(AccountRoleRepository).grant(account.id, 'support');
    await auth.app
      .get(NotificationRepository)
      .enqueue({ accountId: account.id, kind: 'password_changed', detail: {} });
    await auth.app.get(InvitationRepository).save(account.email, 'code', Number.MAX_SAFE_INTEGER);
    const operations = auth.app.get(AccountOperationsService);
    await operations.setClaims(account.id, { name: 'Erasable Person' }, 'operator');
    return Object.assign(account, { refreshToken: body['refresh_token'] ?? '' });
  };

  it('leaves neither its e-mail address nor its claims, device or password anywhere', async () => {
    const account = await aFullAccount();
    const before = JSON.stringify(await readAll());
    for (const text of [account.email, 'Erasable Person', 'Erasable/1.0', account.passwordHash]) {
      expect(before).toContain(text);
    }
    expect(await erase(account)).toBe(true);
    const after = await readAll();
    for (const text of [account.email, 'Erasable Person', 'Erasable/1.0', account.passwordHash]) {
      expect(JSON.stringify(after)).not.toContain(text);
    }
    const withId = Object.keys(after).filter((table) => after[table]?.includes(account.id));
    expect(withId.sort()).toEqual(['account', 'refresh_token_family', 'security_event']);
  });

  it('rejects its tokens and its login, and frees the e-mail address', async () => {
    const account = await aFullAccount();
    const { body } = await auth.login(account.email);
    await erase(account);
    expect((await auth.refresh(account.refreshToken)).status).toBe(400);
    expect((await auth.login(account.email)).status).toBe(400);
    const bearer = { authorization: `Bearer ${body['access_token']}` };
    expect((await auth.send('/auth/sessions', { headers: bearer })).status).toBe(401);
    const again = await anAccount(auth, account.email);
    expect(again.id).not.toBe(account.id);
    expect((await auth.login(account.email)).status).toBe(200);
  });

  it('reports its sessions in the status list', async () => {
    const account = await anAccount(auth);
    const { body } = await auth.login(account.email);
    const { status } = decodeClaims(body['access_token']) as {
      status: { status_list: { idx: number; uri: string } };
    };
    const { idx, uri } = status.status_list;
    const isRevoked = async () => {
      auth.clock.advance({ seconds: 2 });
      const snapshot = await auth.app.get(StatusSnapshotService).getSnapshot();
      const bytes = snapshot.getBytes(Number(uri.split('/').at(-1)));
      return ((bytes[idx >> 3] ?? 0) & (1 << (idx & 7))) > 0;
    };
    expect(await isRevoked()).toBe(false);
    await erase(account);
    expect(await isRevoked()).toBe(true);
  });

  it('erases an account once, also for concurrent calls', async () => {
    const account = await aFullAccount();
    const erased = await Promise.all([erase(account), erase(account)]);
    expect(erased.sort()).toEqual([false, true]);
    const events = await auth.app
      .get(UnitOfWork)
      .query(`SELECT type FROM security_event WHERE type = 'account.erased' AND account_id = $1`, [
        account.id,
      ]);
    expect(events).toHaveLength(1);
  });

  it('leaves no session, consent or token of a login, refresh, code or consent that another replica handles meanwhile', async () => {
    for (let n = 0; n < 5; n += 1) {
      const account = await aFullAccount();
      const browser = new TestBrowser(replica);
      await browser.signIn(account);
      const [client, other] = [await aClient(auth), await aClient(auth)];
      await browser.grantConsent(account, client);
      const code = await browser.obtainCode(client);
      const form = { current_password: PASSWORD };
      const page = await browser.open('/account/delete');
      const atOther = new TestBrowser(auth);
      for (const [key, value] of browser.cookies) atOther.cookies.set(key, value);
      const [answers, , deleted] = await Promise.all([
        Promise.all([
          replica.login(account.email),
          replica.refresh(account.refreshToken),
          replica.login(account.email, { password: 'wrong' }),
          replica.token({
            grant_type: 'authorization_code',
            client_id: client,
            code,
            redirect_uri: CALLBACK,
            code_verifier: VERIFIER,
          }),
          browser.authorize(client),
        ]),
        browser.grantConsent(account, other),
        atOther.submit(page, form),
      ]);
      expect(deleted.headers.get('location')).toBe('/account/deleted');
      for (const { status } of answers) expect(status).toBeLessThan(500);
      for (const { body } of answers.slice(0, 4)) {
        if (body['refresh_token'])
          expect((await auth.refresh(body['refresh_token'])).status).toBe(400);
      }
      expect((await replica.login(account.email)).status).toBe(400);
      const left = await readAll();
      for (const table of ['consent', 'browser_session', 'account_role'])
        expect(left[table]).not.toContain(account.id);
      const active =
        'SELECT id FROM refresh_token_family WHERE account_id = $1 AND ended_at IS NULL';
      expect(await auth.app.get(UnitOfWork).query(active, [account.id])).toEqual([]);
    }
  });

  it('stores no consent that a request in progress grants after the erasure', async () => {
    const account = await anAccount(auth);
    await erase(account);
    await new TestBrowser(replica).grantConsent(account, await aClient(auth));
    expect((await readAll())['consent']).not.toContain(account.id);
  });

  it('stores no request of a new address that another replica handles during the erasure', async () => {
    const account = await anAccount(auth);
    const { id: accountId } = account;
    const database = auth.app.get(UnitOfWork);
    const blocked = 'SELECT pid FROM pg_locks WHERE NOT granted';
    const { requesting } = await database.transaction(async () => {
      await erase(account);
      const requesting = replica.app.get(EmailChangeService).request({
        session: { accountId, sessionId: accountId },
        password: PASSWORD,
        newEmail: `next-${accountId}@gatehouse.example`,
        language: 'en',
      });
      while (database.isPostgres && (await database.query(blocked)).length === 0);
      return { requesting };
    });
    expect(await requesting).toEqual({ kind: 'wrong password' });
    expect((await readAll())['email_action']).not.toContain(accountId);
  });

  describe('a deletion by the owner', () => {
    const deleteByOwner = (account: Account) =>
      auth.app
        .get(AccountDeletionService)
        .delete({ accountId: account.id, sessionId: account.id }, PASSWORD, 'en');
    const send = () => auth.app.get(Scheduler).runNow('notifications');

    it('sends one mail to the address, and then forgets the address', async () => {
      const account = await aFullAccount();
      expect(await deleteByOwner(account)).toBe(true);
      await Promise.all([send(), replica.app.get(Scheduler).runNow('notifications')]);
      await send();
      const mails = mailServer.mails.filter(({ to }) => to.includes(account.email));
      expect(mails.map(({ text }) => /^Subject: (.*)\r$/m.exec(text)?.[1])).toEqual([
        'Your account was deleted',
      ]);
      expect(JSON.stringify(await readAll())).not.toContain(account.email);
    });

    it('deletes nothing if the password changed since the owner confirmed it', async () => {
      const account = await anAccount(auth);
      await auth.app
        .get(AccountOperationsService)
        .changePassword(account.id, 'another good password', { by: 'operator' });
      const erasure = auth.app.get(AccountErasureService);
      expect(
        await erasure.erase(account.id, 'owner', { confirmedHash: account.passwordHash }),
      ).toBe(false);
      expect(await auth.app.get(AccountRepository).find(account.id)).not.toBeNull();
    });

    it('deletes the account once for requests at two replicas', async () => {
      const account = await aFullAccount();
      const erased = await Promise.all(
        [auth, replica].map(({ app }) => app.get(AccountErasureService).erase(account.id, 'owner')),
      );
      expect(erased.sort()).toEqual([false, true]);
    });
  });

  it('allows no operation on an erased account: no search, enabling, erasure or password', async () => {
    const account = await anAccount(auth);
    await erase(account);
    const accounts = auth.app.get(AccountRepository);
    const operations = auth.app.get(AccountOperationsService);
    expect([
      await accounts.find(account.id),
      await accounts.findByEmail(`erased:${account.id}`),
      await erase(account),
      await operations.enable(account.id, 'operator'),
      await operations.setClaims(account.id, {}, 'operator'),
      (await accounts.findPage({ limit: 1000 })).filter(({ id }) => id === account.id),
    ]).toEqual([null, null, false, false, false, []]);
    const reset = operations.changePassword(account.id, 'a new password', { by: 'operator' });
    await expect(reset).rejects.toThrow('does not exist');
  });

  it('loses its last row when no session row refers to it any more', async () => {
    const account = await aFullAccount();
    await erase(account);
    const rows = () =>
      auth.app.get(UnitOfWork).query('SELECT id FROM account WHERE id = $1', [account.id]);
    const clean = () => auth.app.get(CleanupJob).run(new AbortController().signal);
    await clean();
    expect(await rows()).toHaveLength(1);
    auth.clock.advance({ seconds: DAY_SECONDS + 60 });
    await clean();
    await clean();
    expect(await rows()).toEqual([]);
  });

  it('enables a disabled account once, with its password and without its sessions', async () => {
    const account = await aFullAccount();
    const operations = auth.app.get(AccountOperationsService);
    expect(await operations.enable(account.id, 'operator')).toBe(false);
    await operations.disable(account.id, 'operator');
    const enabled = await Promise.all([
      operations.enable(account.id, 'operator'),
      operations.enable(account.id, 'operator'),
    ]);
    expect(enabled.sort()).toEqual([false, true]);
    expect((await auth.refresh(account.refreshToken)).status).toBe(400);
    expect((await auth.login(account.email)).status).toBe(200);
  });
});
