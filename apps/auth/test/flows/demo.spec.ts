import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { selectStandardClaims, STANDARD_CLAIMS } from '../../src/tokens/standard-claims.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { findRegistrationFault } from '../../src/clients/client-registration.js';
import { BILLING, decodeClaims, TestAuth } from '../support/test-auth.js';

const SUITE = 'https://suite.example/test/a/ours';

describe('what is there to try things with', () => {
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
    // Orders made this one before auth started: it is kept.
    await writeFile(join(folder, 'demo.env'), 'ORDERS_SERVICE_SECRET=made-before\n');
    auth = await TestAuth.start(settings());
  });
  afterAll(() => auth.stop());

  const kept = async (name: string) => parseEnv(await readFile(join(folder, name), 'utf8'));
  const clientOf = (id: string) => auth.app.get(ClientRepository).findEnabled(id);

  it('are clients that ops would register as well', async () => {
    const clients = await auth.app.get(ClientRepository).findAll();
    const seeded = clients.filter(({ id }) => id !== 'gatehouse-first-party');
    expect(seeded.map((client) => [client.id, findRegistrationFault(client)])).toEqual(
      [
        'conformance-one',
        'conformance-post',
        'conformance-two',
        'demo-app',
        'demo-docs',
        'demo-spa',
        'demo-website',
        'orders-service',
        'short-lived-demo',
      ].map((id) => [id, undefined]),
    );
  });

  it('have secrets that a file keeps for the owner of the folder', async () => {
    const { ORDERS_SERVICE_SECRET, DEMO_WEBSITE_SECRET, DEMO_EMAIL } = await kept('demo.env');
    expect(ORDERS_SERVICE_SECRET).toBe('made-before');
    expect(DEMO_WEBSITE_SECRET).toMatch(/^[\w-]{43}$/);
    expect(DEMO_EMAIL).toBe('demo@gatehouse.example');
    expect((await stat(join(folder, 'conformance.env'))).mode & 0o077).toBe(0);
  });

  it('let orders call billing, as itself and for a person', async () => {
    const as = `orders-service:made-before`;
    const wish = { grant_type: 'client_credentials', scope: 'billing:invoices:create' };
    const own = await auth.token({ ...wish, resource: BILLING }, as);
    expect(own.body['scope']).toBe('billing:invoices:create');
    const { access_token } = await auth.createLogin();
    const { body } = await auth.token(
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: BILLING,
        scope: 'billing:read',
      },
      as,
    );
    expect(decodeClaims(body['access_token'])).toMatchObject({
      aud: BILLING,
      act: { sub: 'orders-service' },
    });
  });

  it('are for the conformance suite: its addresses, no need of PKCE, a method of each kind', async () => {
    const [one, post] = [await clientOf('conformance-one'), await clientOf('conformance-post')];
    expect(one).toMatchObject({
      authMethod: 'client_secret_basic',
      redirectUris: [`${SUITE}/callback`, `${SUITE}/callback?dummy1=lorem&dummy2=ipsum`],
      postLogoutRedirectUris: [`${SUITE}/post_logout_redirect`],
      isPkceRequired: false,
    });
    expect(post?.authMethod).toBe('client_secret_post');
  });

  it('know every standard claim of somebody (OpenID Connect Core §5.1)', async () => {
    const { CONFORMANCE_EMAIL = '' } = await kept('conformance.env');
    const account = await auth.app.get(AccountRepository).findByEmail(CONFORMANCE_EMAIL);
    if (!account) throw new Error('nobody was seeded');
    const claims = selectStandardClaims(account, ['profile', 'email', 'address', 'phone']);
    expect(Object.keys(claims).sort()).toEqual([...STANDARD_CLAIMS].sort());
  });

  it('are the same after another start', async () => {
    const before = [await kept('demo.env'), await kept('conformance.env')];
    const secrets = (await clientOf('demo-website'))?.secretHashes;
    auth.clock.advance({ seconds: 60 });
    const again = await TestAuth.start(settings());
    expect([await kept('demo.env'), await kept('conformance.env')]).toEqual(before);
    expect((await clientOf('demo-website'))?.secretHashes).toEqual(secrets);
    await again.stop();
  });
});

describe('without a word about it', () => {
  it('nothing is there', async () => {
    const auth = await TestAuth.start();
    const clients = await auth.app.get(ClientRepository).findAll();
    expect(clients.map(({ id }) => id)).toEqual(['gatehouse-first-party']);
    await auth.stop();
  });
});
