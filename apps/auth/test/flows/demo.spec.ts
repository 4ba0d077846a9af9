import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { authConfig } from '../../src/auth.config.js';
import { AccountRoleRepository } from '../../src/accounts/account-role.repository.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { OPENID_SCOPES } from '../../src/clients/auth.scopes.js';
import { selectUserClaims, USER_CLAIMS } from '../../src/tokens/standard-claims.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { findRegistrationFaults } from '../../src/clients/client-registration.js';
import { TestAuth } from '../support/test-auth.js';

const SUITE = 'https://suite.example/test/a/ours';

describe('the demo and conformance data', () => {
  let auth: TestAuth;
  let folder: string;
  const settings = () => ({
    DATA_DIR: folder,
    SEED_DEMO: 'true',
    SEED_CONFORMANCE: 'true',
    CONFORMANCE_SUITE: SUITE,
  });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-demo-'));
    auth = await TestAuth.start(settings());
  });
  afterAll(() => auth.stop());

  const readCredentials = async (name: string) =>
    parseEnv(await readFile(join(folder, name), 'utf8'));
  const findClient = (id: string) => auth.app.get(ClientRepository).findEnabled(id);

  it('creates only clients that ops clients create would accept', async () => {
    const clients = await auth.app.get(ClientRepository).findAll();
    const seeded = clients.filter(({ id }) => id !== 'gatehouse-first-party');
    expect(seeded.map((client) => [client.id, findRegistrationFaults(client)])).toEqual(
      [
        'conformance-one',
        'conformance-post',
        'conformance-two',
        'demo-docs',
        'demo-spa',
        'demo-staff',
        'orders-service',
        'short-lived-demo',
      ].map((id) => [id, []]),
    );
  });

  it('keeps secrets in files that only their owner can read', async () => {
    const credentials = await readCredentials('demo.env');
    const { SHORT_LIVED_SECRET, DEMO_EMAIL } = credentials;
    expect(SHORT_LIVED_SECRET).toMatch(/^[\w-]{43}$/);
    expect(DEMO_EMAIL).toBe('demo@gatehouse.example');
    expect((await stat(join(folder, 'conformance.env'))).mode & 0o077).toBe(0);
  });

  it('creates accounts with a verified address, because applications reject others', async () => {
    const { DEMO_EMAIL = '', DEMO_STAFF_EMAIL = '' } = await readCredentials('demo.env');
    for (const email of [DEMO_EMAIL, DEMO_STAFF_EMAIL]) {
      const account = await auth.app.get(AccountRepository).findByEmail(email);
      if (!account) throw new Error('the account was not created');
      expect(selectUserClaims(account, ['email'])).toEqual({ email, email_verified: true });
    }
  });

  it('creates a staff account with the roles that the staff console needs', async () => {
    const { DEMO_EMAIL = '', DEMO_STAFF_EMAIL = '' } = await readCredentials('demo.env');
    const rolesOf = async (email: string) => {
      const account = await auth.app.get(AccountRepository).findByEmail(email);
      return auth.app.get(AccountRoleRepository).findRoles(account?.id ?? '');
    };
    expect([await rolesOf(DEMO_EMAIL), await rolesOf(DEMO_STAFF_EMAIL)]).toEqual([
      [],
      ['accounting', 'support'],
    ]);
    const scope = (await findClient('demo-staff'))?.scope;
    expect(scope).toEqual(expect.arrayContaining(['photos:read:any', 'roles']));
  });

  it('creates the clients of the conformance suite with its redirect URIs and without required PKCE', async () => {
    const [one, post] = [await findClient('conformance-one'), await findClient('conformance-post')];
    expect(one).toMatchObject({
      authMethod: 'client_secret_basic',
      redirectUris: [`${SUITE}/callback`, `${SUITE}/callback?dummy1=lorem&dummy2=ipsum`],
      postLogoutRedirectUris: [`${SUITE}/post_logout_redirect`],
      pkce: 'never-required',
    });
    expect(post?.authMethod).toBe('client_secret_post');
  });

  it('creates a conformance account with all standard claims (OpenID Connect Core §5.1)', async () => {
    const { CONFORMANCE_EMAIL = '' } = await readCredentials('conformance.env');
    const account = await auth.app.get(AccountRepository).findByEmail(CONFORMANCE_EMAIL);
    if (!account) throw new Error('the account was not created');
    const roleClaims = { roles: [], groups: [] };
    const claims = selectUserClaims({ ...account, roleClaims }, Object.keys(OPENID_SCOPES));
    expect(Object.keys(claims).sort()).toEqual([...USER_CLAIMS].sort());
  });

  it('keeps accounts, clients and secrets after a restart', async () => {
    const readAll = () => Promise.all(['demo.env', 'conformance.env'].map(readCredentials));
    const before = await readAll();
    const secrets = (await findClient('short-lived-demo'))?.secretHashes;
    auth.clock.advance({ seconds: 60 });
    const again = await TestAuth.start(settings());
    expect(await readAll()).toEqual(before);
    expect((await findClient('short-lived-demo'))?.secretHashes).toEqual(secrets);
    await again.stop();
  });
});

describe('a server with SEED_CLIENTS', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-clients-'));
  });
  const start = async (document: object) => {
    const SEED_CLIENTS = join(folder, 'clients.json');
    await writeFile(SEED_CLIENTS, JSON.stringify(document));
    return TestAuth.start({ DATA_DIR: folder, SEED_CLIENTS });
  };
  const clientAt = (...redirectUris: string[]) => ({
    ...{ id: 'a-tool', grantTypes: ['authorization_code'], scope: 'openid', redirectUris },
  });

  it('registers the clients as the file describes them at each start', async () => {
    for (const port of [3003, 4003]) {
      const auth = await start(clientAt(`http://localhost:${port}/callback`));
      const client = await auth.app.get(ClientRepository).findEnabled('a-tool');
      expect(client?.redirectUris).toEqual([`http://localhost:${port}/callback`]);
      await auth.stop();
    }
  });

  it('does not start with a client that ops clients create would refuse', async () => {
    await expect(start(clientAt('http://shop.example/callback'))).rejects.toThrow(
      /clients.json is not valid: clients\[0\] \(a-tool\): http:\/\/shop\.example\/callback /,
    );
  });

  it('refuses the setting in production', () => {
    expect(() => authConfig({ NODE_ENV: 'production', SEED_CLIENTS: 'clients.json' })).toThrow(
      /SEED_CLIENTS: must not be given/,
    );
  });
});

describe('a server without seeds', () => {
  it('creates only the first-party client', async () => {
    const auth = await TestAuth.start();
    const clients = await auth.app.get(ClientRepository).findAll();
    expect(clients.map(({ id }) => id)).toEqual(['gatehouse-first-party']);
    await auth.stop();
  });
});
