import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnitOfWork } from '@gatehouse/persistence';
import { AccountRoleRepository } from '../../src/accounts/account-role.repository.js';
import { aClient, aSession } from '../support/factories.js';
import { anAccount, TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth } from '../support/test-auth.js';
import { TestOps } from '../support/test-ops.js';

const CODE_FLOW = [
  ...['--grant', 'authorization_code'],
  ...['--redirect-uri', 'https://client.example/callback'],
];

describe('ops and roles', () => {
  let auth: TestAuth;
  let ops: TestOps;
  let openOps: TestOps;
  beforeAll(async () => {
    const settings = {
      ID_TOKEN_ALGORITHM: 'ES256',
      DATA_DIR: await mkdtemp(join(tmpdir(), 'gatehouse-ops-')),
    };
    auth = await TestAuth.start(settings);
    openOps = new TestOps({ settings, clock: auth.clock });
    ops = new TestOps({ settings: { ...settings, REGISTRATION: 'invited' }, clock: auth.clock });
  });
  afterAll(() => auth.stop());

  const sameDatabase = () => ({ DATA_DIR: auth.config.DATA_DIR });
  const rolesOf = (id: string) => auth.app.get(AccountRoleRepository).findRoles(id);
  const refusal = async (...words: string[]) => {
    const { code, errors } = await ops.run(words);
    return [code, errors];
  };

  it('grants a role, and prints the scopes that it allows', async () => {
    const { id, email } = await anAccount(auth);
    const { output } = await ops.run(['accounts', 'grant-role', email, 'accounting']);
    expect(output).toBe(
      `The account ${email} has the role accounting. The claims roles and groups contain it from the next token on.\n` +
        'From its next login on, clients may get for it: tickets:refund tickets:admin.\n',
    );
    expect(await ops.runJson(['accounts', 'grant-role', id, 'support'])).toMatchObject({
      accountId: id,
      roles: ['accounting', 'support'],
      scopes: ['photos:read:any'],
    });
    expect(await rolesOf(id)).toEqual(['accounting', 'support']);
  });

  it('revokes a role, and ends the sessions that need it', async () => {
    const { id, email } = await anAccount(auth);
    await ops.run(['accounts', 'grant-role', email, 'support']);
    const client = await aClient(auth, { scope: ['photos:read:any'] });
    const token = await aSession(auth, client, { email, scope: ['photos:read:any'] });
    const printed = await ops.runJson(['accounts', 'revoke-role', email, 'support']);
    expect(printed).toMatchObject({ dryRun: false, role: 'support', roles: [], ended: 1 });
    const refreshed = { grant_type: 'refresh_token', client_id: client, refresh_token: token };
    expect((await auth.token(refreshed)).body['error']).toBe('invalid_grant');
    expect(await rolesOf(id)).toEqual([]);
  });

  it('changes nothing in a dry run, and says what would change', async () => {
    const { id, email } = await anAccount(auth);
    const granted = await ops.run(['accounts', 'grant-role', email, 'support', '--dry-run']);
    expect(granted.output).toMatch(/^dry run: nothing was changed.*has the role support/s);
    expect(await rolesOf(id)).toEqual([]);
  });

  it('refuses an unknown role and names the known ones', async () => {
    const { email } = await anAccount(auth);
    for (const role of ['suport', 'service', 'SUPPORT', 'photos:read:any']) {
      expect(await refusal('accounts', 'grant-role', email, role)).toEqual([
        1,
        `no scope of RESOURCE_SERVERS names the role ${role}: the roles are accounting, support. For a role that only the claims roles and groups contain: --claim-only\n`,
      ]);
    }
  });

  it('grants a role that no scope needs for clients that read the claims only', async () => {
    const { id, email } = await anAccount(auth);
    const grant = (role: string) => refusal('accounts', 'grant-role', email, role, '--claim-only');
    const granted = await ops.run(['accounts', 'grant-role', email, 'k8s-admins', '--claim-only']);
    expect([granted.code, granted.output]).toEqual([
      0,
      `The account ${email} has the role k8s-admins. The claims roles and groups contain it from the next token on.\n`,
    ]);
    expect(await rolesOf(id)).toEqual(['k8s-admins']);
    expect(await grant('support')).toEqual([
      1,
      'the role support allows photos:read:any: leave out --claim-only\n',
    ]);
    for (const role of ['service', 'K8s', 'a b', 'x'.repeat(65), '-a']) {
      expect(await grant(role)).toEqual([2, expect.stringMatching(/is not a role|unknown option/)]);
    }
  });

  it('refuses a role that would make the roles too long for a token', async () => {
    const { id, email } = await anAccount(auth);
    const roles = Array.from({ length: 14 }, (_, n) => `${'x'.repeat(62)}${10 + n}`);
    for (const role of roles) await auth.app.get(AccountRoleRepository).grant(id, role);
    expect(await refusal('accounts', 'grant-role', email, 'short', '--claim-only')).toEqual([
      0,
      '',
    ]);
    expect(await refusal('accounts', 'grant-role', email, 'x'.repeat(64), '--claim-only')).toEqual([
      1,
      `the roles of the account ${email} would have 1014 characters in a token, and 1000 are allowed\n`,
    ]);
    expect(await rolesOf(id)).toHaveLength(15);
  });

  it('refuses a role that the account has, or does not have, and an unknown account', async () => {
    const { email } = await anAccount(auth);
    await ops.run(['accounts', 'grant-role', email, 'support']);
    expect(await refusal('accounts', 'grant-role', email, 'support')).toEqual([
      1,
      `the account ${email} has the role support already\n`,
    ]);
    expect(await refusal('accounts', 'revoke-role', email, 'accounting')).toEqual([
      1,
      `the account ${email} does not have the role accounting\n`,
    ]);
    expect(await refusal('accounts', 'grant-role', 'x@y.example', 'support')).toEqual([
      1,
      'there is no account x@y.example\n',
    ]);
  });

  it('revokes a role that the configuration does not name any more', async () => {
    const { id, email } = await anAccount(auth);
    await auth.app.get(AccountRoleRepository).grant(id, 'retired');
    expect((await ops.run(['accounts', 'revoke-role', email, 'retired'])).code).toBe(0);
    expect(await rolesOf(id)).toEqual([]);
  });

  it('deletes the roles of an account with the account', async () => {
    const { id, email } = await anAccount(auth);
    await ops.run(['accounts', 'grant-role', email, 'support']);
    await auth.app.get(UnitOfWork).execute('DELETE FROM account WHERE id = $1', [id]);
    expect(await rolesOf(id)).toEqual([]);
  });

  describe('accounts invite', () => {
    it('prints a link that registers the address once', async () => {
      const invited = await TestAuth.start({ ...sameDatabase(), REGISTRATION: 'invited' });
      const email = 'new-colleague@gatehouse.example';
      const { link, expiresAt } = await ops.runJson(['accounts', 'invite', email.toUpperCase()]);
      expect(link).toMatch(/^http:\/\/localhost:3000\/register\?invitation=[\w-]{43}$/);
      expect(Date.parse(expiresAt)).toBe(auth.clock.now() + 604_800_000);
      const browser = new TestBrowser(invited);
      const page = await browser.open(link.replace('http://localhost:3000', ''));
      expect((await browser.submit(page, { password: PASSWORD })).status).toBe(303);
      expect((await invited.login(email)).status).toBe(200);
      await invited.stop();
    });

    it('tells that the link is shown once, and when it expires', async () => {
      const { output } = await ops.run(['accounts', 'invite', 'a@b.example', '--ttl', '3600']);
      expect(output).toMatch(
        /^With this link, a@b\.example can register once, until \d{4}-.*Z\..*is shown only now/s,
      );
    });

    it('refuses where registration needs no invitation, and for an address with an account', async () => {
      const { email } = await anAccount(auth);
      expect(await refusal('accounts', 'invite', email)).toEqual([
        1,
        `the account ${email} exists already\n`,
      ]);
      expect(await refusal('accounts', 'invite', 'no-address')).toEqual([
        2,
        'no-address is not an e-mail address\n',
      ]);
      const { code, errors } = await openOps.run(['accounts', 'invite', 'a@b.example']);
      expect([code, errors]).toEqual([
        1,
        'invitations need REGISTRATION=invited, and it is open\n',
      ]);
    });
  });

  describe('ops clients create and privileged scopes', () => {
    let clients = 0;
    const warningsOf = async (scope: string, ...options: string[]) => {
      const id = `warned-${(clients += 1)}`;
      const { code, errors } = await ops.run([
        'clients',
        'create',
        id,
        '--scope',
        scope,
        ...options,
      ]);
      expect(code).toBe(0);
      return errors;
    };

    it('warns about a privileged scope with a grant for users, and names its role', async () => {
      expect(await warningsOf('openid photos:read photos:read:any', ...CODE_FLOW)).toBe(
        'Only a user with the role support can allow photos:read:any: see ops accounts grant-role.\n',
      );
    });

    it('warns about a scope that no user can allow', async () => {
      expect(await warningsOf('tickets:read tickets:invoices:create', ...CODE_FLOW)).toBe(
        'No user can allow tickets:invoices:create: it is for services only.\n',
      );
    });

    it('warns about a privileged scope with token exchange', async () => {
      const options = [
        ...['--grant', 'token-exchange', '--resource-server', 'http://localhost:3001'],
        ...['--exchange-target', 'http://localhost:3002'],
      ];
      expect(await warningsOf('tickets:refund', ...options)).toMatch(/role accounting/);
    });

    it('warns about a scope without a role that every user can allow and FIRST_PARTY_SCOPE lacks', async () => {
      const settings = {
        ...sameDatabase(),
        RESOURCE_SERVERS: 'http://localhost:3001 photos:read photos:read:any',
        FIRST_PARTY_SCOPE: 'photos:read',
      };
      const words = ['clients', 'create', 'unmarked', '--scope', 'photos:read photos:read:any'];
      const unmarked = new TestOps({ settings, clock: auth.clock });
      const { code, errors } = await unmarked.run([...words, ...CODE_FLOW]);
      expect([code, errors]).toEqual([
        0,
        'Every user can allow photos:read:any. If it is for staff, name a role in RESOURCE_SERVERS: photos:read:any@role.\n',
      ]);
    });

    it('prints no warning for ordinary scopes, and for clients that act for themselves', async () => {
      const ordinary = 'openid roles groups sessions:read photos:read';
      expect(await warningsOf(ordinary, ...CODE_FLOW)).toBe('');
      const own = 'photos:read:any tickets:invoices:create';
      expect(await warningsOf(own, '--grant', 'client_credentials')).toBe('');
    });
  });
});
