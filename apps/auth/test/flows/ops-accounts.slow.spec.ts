import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { AccountRoleRepository } from '../../src/accounts/account-role.repository.js';
import { aClient, anAccount, TestBrowser } from '../support/test-browser.js';
import { TestAuth } from '../support/test-auth.js';
import { TestOps } from '../support/test-ops.js';

describe('ops accounts and ops sessions', () => {
  let auth: TestAuth;
  let ops: TestOps;
  beforeAll(async () => {
    const settings = {
      ID_TOKEN_ALGORITHM: 'ES256',
      DATA_DIR: await mkdtemp(join(tmpdir(), 'gatehouse-ops-')),
    };
    auth = await TestAuth.start(settings);
    ops = new TestOps({ settings, clock: auth.clock });
  });
  afterAll(() => auth.stop());

  const emailsOf = (accounts: readonly { email: string }[]) => accounts.map(({ email }) => email);

  it('lists accounts in pages, by the beginning of their address', async () => {
    const emails = ['a', 'b', 'c', 'd'].map((letter) => `page_${letter}@gatehouse.example`);
    for (const email of emails) await anAccount(auth, email);
    await anAccount(auth, 'pagexother@gatehouse.example');
    const list = ['accounts', 'list', '--email-prefix', 'Page_'];
    expect(emailsOf(await ops.runJson(list))).toEqual(emails);
    const first = await ops.run([...list, '--limit', '2']);
    expect(first.errors).toBe(`There are more accounts: --after ${emails[1]}\n`);
    const rest = await ops.run([...list, '--limit', '2', '--after', emails[1] ?? '', '--json']);
    expect(emailsOf(JSON.parse(rest.output))).toEqual(emails.slice(2));
    expect(rest.errors).toBe('');
    expect(emailsOf(await ops.runJson(['accounts', 'list', '--email-prefix', '%']))).toEqual([]);
  });

  it.each([
    ['--limit', '1001'],
    ['--limit', '0'],
    ['--limit', 'x'],
  ])('refuses %s %s with exit code 2', async (option, value) => {
    expect((await ops.run(['accounts', 'list', option, value])).code).toBe(2);
  });

  it('shows an account with its roles, sessions and clients, and without its password hash', async () => {
    const account = await anAccount(auth);
    await auth.app.get(AccountRoleRepository).grant(account.id, 'support');
    const client = await aClient(auth);
    const browser = new TestBrowser(auth);
    await browser.signIn(account);
    await browser.grantConsent(account, client);
    await auth.login(account.email);
    for (const name of [account.id, account.email, account.email.toUpperCase()]) {
      const shown = await ops.runJson(['accounts', 'show', name]);
      expect(shown).toMatchObject({
        accountId: account.id,
        email: account.email,
        roles: ['support'],
        disabledAt: null,
        sessions: 1,
        browserSessions: 1,
        clients: [{ clientId: client }],
      });
    }
    const { output } = await ops.run(['accounts', 'show', account.id]);
    expect(output).toMatch(new RegExp(`^e-mail +${account.email}$`, 'm'));
    expect(output).toMatch(/^browser sessions +1$/m);
    expect(output).not.toContain('argon2');
    const [listed] = await ops.runJson(['accounts', 'list', '--email-prefix', account.email]);
    expect(listed).toMatchObject({ roles: ['support'], email: account.email });
    expect(Object.keys(listed)).not.toContain('passwordHash');
  });

  it('deletes an account, which then cannot be found', async () => {
    const { email, id } = await anAccount(auth);
    const dryRun = await ops.runJson(['accounts', 'delete', email, '--dry-run']);
    expect(dryRun).toEqual({ dryRun: true, accountId: id, email });
    expect((await auth.login(email)).status).toBe(200);
    expect((await ops.run(['accounts', 'delete', id])).code).toBe(0);
    expect((await auth.login(email)).status).toBe(400);
    for (const command of ['show', 'delete', 'enable', 'disable', 'reset-password']) {
      for (const name of [email, id, `erased:${id}`]) {
        const { code, errors } = await ops.run(['accounts', command, name]);
        expect([code, errors]).toEqual([1, `there is no account ${name}\n`]);
      }
    }
  });

  it('prints no id for an account in a dry run, because the account will have another one', async () => {
    const email = 'dry-run@gatehouse.example';
    const { output } = await ops.run(['accounts', 'create', email, '--dry-run']);
    expect(output).toContain(email);
    expect(output).not.toContain('acct_');
    expect(await auth.app.get(AccountRepository).findByEmail(email)).toBeNull();
  });

  describe('email_verified', () => {
    const claimsOf = async (email: string) =>
      (await ops.runJson(['accounts', 'show', email])).claims;

    it('creates an account whose address is verified, if the operator says so', async () => {
      for (const [email, options, claims] of [
        ['verified@gatehouse.example', ['--email-verified'], { email_verified: true }],
        ['unverified@gatehouse.example', [], {}],
      ] as const) {
        expect((await ops.run(['accounts', 'create', email, ...options])).code).toBe(0);
        const { updated_at, ...stored } = await claimsOf(email);
        expect(stored).toEqual(claims);
      }
    });

    it('verifies the address of an account that exists, keeps its other claims, and does so once', async () => {
      const { id, email } = await anAccount(auth);
      const verify = ['accounts', 'verify-email', email];
      await auth.app.get(AccountRepository).setClaims(id, { name: 'Ada', email_verified: false });
      expect((await ops.run([...verify, '--dry-run'])).output).toMatch(/^dry run/);
      expect(await claimsOf(email)).toMatchObject({ name: 'Ada', email_verified: false });
      expect((await ops.run(verify)).output).toBe(
        `Clients receive email_verified: true about the account ${email}.\n`,
      );
      expect(await claimsOf(email)).toMatchObject({ name: 'Ada', email_verified: true });
      const again = await ops.run(verify);
      expect([again.code, again.errors]).toEqual([
        1,
        `the e-mail address of the account ${email} is verified already\n`,
      ]);
      const missing = await ops.run(['accounts', 'verify-email', 'x@y.example']);
      expect([missing.code, missing.errors]).toEqual([1, 'there is no account x@y.example\n']);
    });
  });

  it('labels the generated password of a new account', async () => {
    const email = 'labelled@gatehouse.example';
    const { output } = await ops.run(['accounts', 'create', email]);
    expect(output).toMatch(new RegExp(`^  e-mail: +${email}$`, 'm'));
    expect(output).toMatch(/^ {2}password: +[\w-]{24}$/m);
  });

  it('lists and ends browser sessions and sessions at clients, as the account page shows them', async () => {
    const account = await anAccount(auth);
    const client = await aClient(auth);
    for (let n = 0; n < 3; n += 1) await new TestBrowser(auth).signIn(account);
    const browser = new TestBrowser(auth);
    await browser.signIn(account);
    await browser.grantConsent(account, client);
    const code = await browser.obtainCode(client, { scope: 'openid offline_access' });
    await auth.token({
      ...{ grant_type: 'authorization_code', client_id: client, code },
      redirect_uri: 'https://client.example/callback',
      code_verifier: 'a-verifier-of-43-characters-or-more-is-long-enough',
    });
    await auth.login(account.email);

    const listed: readonly Record<string, string | null>[] = await ops.runJson([
      ...['sessions', 'list', '--account', account.email],
    ]);
    const kinds = listed.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'browser_session')).toHaveLength(4);
    expect(kinds.filter((kind) => kind === 'session')).toHaveLength(2);
    const ofClient = listed.findIndex(({ clientId }) => clientId === client);
    expect(listed[ofClient - 1]?.['id']).toBe(listed[ofClient]?.['browserSessionId']);
    expect(JSON.stringify(listed)).not.toContain('ecretHash');

    const { output } = await ops.run(['sessions', 'list', '--account', account.email]);
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(100);

    const dryRun = await ops.run(['sessions', 'end', '--account', account.email, '--dry-run']);
    expect(dryRun.output).toContain('2 sessions and 4 browser sessions ended.');
    expect(await ops.runJson(['sessions', 'end', '--account', account.email])).toEqual({
      ...{ dryRun: false, ended: 6, sessions: 2, browserSessions: 4 },
    });
    expect((await browser.visit('/account')).text).toContain('name="password"');
    expect(await ops.runJson(['sessions', 'list', '--account', account.email])).toEqual([]);
  });
});
