import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  findLogoutUriFault,
  findOriginFault,
  findRedirectUriFault,
} from '../../src/clients/redirect-uri.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { ClientKey, toKeySet } from '../support/client-key.js';
import { TICKETS, PHOTOS, type TestAuth } from '../support/test-auth.js';
import { startAuthWithOps, type TestOps } from '../support/test-ops.js';

const SPA = 'https://spa.example';
const CALLBACK = 'https://client.example/callback';
let count = 0;

describe('ops clients create', () => {
  let auth: TestAuth;
  let ops: TestOps;
  let folder: string;
  beforeAll(async () => {
    ({ auth, ops, folder } = await startAuthWithOps());
  });
  afterAll(() => auth.stop());

  const anId = () => `registered-${(count += 1)}`;
  const create = async (...options: string[]) => {
    const id = anId();
    const printed = await ops.runJson(['clients', 'create', id, ...options]);
    return { printed, client: await auth.app.get(ClientRepository).findEnabled(id) };
  };
  const refusal = async (...options: string[]) => {
    const { code, errors } = await ops.run(['clients', 'create', anId(), ...options]);
    return [code, errors];
  };
  const aFile = async (content: string) => {
    const file = join(folder, `${(count += 1)}.json`);
    await writeFile(file, content);
    return file;
  };

  it('registers a web application', async () => {
    const { printed, client } = await create(
      ...['--scope', 'openid profile photos:read', '--grant', 'authorization_code refresh_token'],
      ...['--redirect-uri', CALLBACK, '--redirect-uri', `${CALLBACK}/2`],
      ...['--post-logout-redirect-uri', 'https://client.example/'],
      ...['--backchannel-logout-uri', 'https://client.example/logout?tool=1'],
      ...['--name', 'The Photos Website', '--first-party', '--no-pkce'],
      ...['--id-token-algorithm', 'ES256', '--subject-type', 'pairwise', '--dpop-bound'],
    );
    expect(client).toMatchObject({
      authMethod: 'client_secret_basic',
      grantTypes: ['authorization_code', 'refresh_token'],
      scope: ['openid', 'profile', 'photos:read'],
      redirectUris: [CALLBACK, `${CALLBACK}/2`],
      postLogoutRedirectUris: ['https://client.example/'],
      backchannelLogoutUri: 'https://client.example/logout?tool=1',
      name: 'The Photos Website',
      firstParty: true,
      pkce: 'never-required',
      idTokenAlgorithm: 'ES256',
      subjectType: 'pairwise',
      dpopBound: true,
    });
    expect(printed.clientSecret).toMatch(/^[\w-]{43}$/);
  });

  it('registers by default the most restrictive client that libraries work with', async () => {
    const { client } = await create('--scope', 'photos:read');
    expect(client).toMatchObject({
      grantTypes: ['client_credentials'],
      firstParty: false,
      pkce: 'or-nonce',
      subjectType: 'public',
      idTokenAlgorithm: null,
      resourceServer: null,
      exchangeTargets: [],
      redirectUris: [],
    });
  });

  it('registers a client for separate access tokens and lean ID tokens', async () => {
    const { client } = await create(
      '--scope',
      'photos:read',
      '--separate-tokens',
      '--lean-id-tokens',
    );
    expect(client).toMatchObject({ separateTokens: true, leanIdTokens: true });
    const { client: other } = await create('--scope', 'photos:read');
    expect(other).toMatchObject({ separateTokens: false, leanIdTokens: false });
  });

  it('registers a service that exchanges tokens', async () => {
    const { client } = await create(
      ...['--scope', 'tickets:read', '--grant', 'token-exchange'],
      ...['--resource-server', PHOTOS, '--exchange-target', TICKETS],
    );
    expect(client).toMatchObject({
      grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      resourceServer: PHOTOS,
      exchangeTargets: [TICKETS],
    });
  });

  it('registers the keys of a client, and creates no secret', async () => {
    const key = await ClientKey.generate();
    const file = await aFile(toKeySet(key));
    const { printed, client } = await create(
      ...['--scope', 'photos:read', '--auth-method', 'private_key_jwt', '--jwks', file],
    );
    expect(JSON.parse(client?.jwks ?? '')).toEqual({ keys: [key.publicJwk] });
    expect(client?.assertionAudience).toBe('issuer');
    expect([printed.clientSecret, client?.secretHashes]).toEqual([undefined, []]);
    const rotated = await ops.run(['clients', 'rotate-secret', printed.id]);
    expect([rotated.code, rotated.errors]).toEqual([
      1,
      expect.stringContaining('authenticates by private_key_jwt'),
    ]);
  });

  it('rejects a wrong key set file, and never prints its content', async () => {
    const key = await ClientKey.generate();
    const secret = 'x'.repeat(43);
    const files = [
      await aFile('{'),
      await aFile('{"keys":[]}'),
      await aFile(JSON.stringify({ keys: [{ ...key.publicJwk, d: secret }] })),
      join(folder, 'nowhere.json'),
    ];
    for (const file of files) {
      const [code, errors] = await refusal(
        ...['--scope', 'photos:read', '--auth-method', 'private_key_jwt', '--jwks', file],
      );
      expect([code, errors]).toEqual([2, expect.stringContaining(file)]);
      expect(errors).not.toContain(secret);
    }
  });

  it('registers the allowed origins of an app', async () => {
    const { client } = await create(
      ...['--scope', 'openid', '--auth-method', 'none', '--grant', 'authorization_code'],
      ...['--redirect-uri', 'com.example.shop:/callback'],
      ...['--allowed-origin', 'capacitor://localhost', '--allowed-origin', 'https://localhost'],
    );
    expect(client?.allowedOrigins).toEqual(['capacitor://localhost', 'https://localhost']);
  });

  const CODE = ['--grant', 'authorization_code', '--redirect-uri', CALLBACK];
  it.each<[string, readonly string[], number]>([
    [
      'a public client that exchanges tokens',
      ['--auth-method', 'none', '--grant', 'token-exchange'],
      2,
    ],
    ['a public client without PKCE', [...CODE, '--auth-method', 'none', '--no-pkce'], 2],
    [
      'a public client with a nonce instead of PKCE',
      [...CODE, '--auth-method', 'none', '--pkce', 'or-nonce'],
      2,
    ],
    ['an unknown PKCE rule', [...CODE, '--pkce', 'sometimes'], 2],
    ['no grant', ['--grant', ''], 2],
    [
      'a public resource server',
      [...CODE, '--auth-method', 'none', '--resource-server', PHOTOS],
      2,
    ],
    [
      'token exchange without a target',
      ['--grant', 'token-exchange', '--resource-server', PHOTOS],
      2,
    ],
    ['a target without token exchange', ['--exchange-target', TICKETS], 2],
    ['codes without a redirect URI', ['--grant', 'authorization_code'], 2],
    ['a redirect URI without codes', ['--redirect-uri', CALLBACK], 2],
    [
      'two redirect URIs in one',
      ['--grant', 'authorization_code', '--redirect-uri', `${CALLBACK} b`],
      2,
    ],
    [
      'a redirect URI that is not a URI',
      ['--grant', 'authorization_code', '--redirect-uri', '/cb'],
      2,
    ],
    [
      'a wrong redirect URI for logouts',
      [...CODE, '--post-logout-redirect-uri', 'javascript:x'],
      2,
    ],
    [
      'redirect URIs that exceed the column',
      [...CODE, '--redirect-uri', `https://x.example/${'x'.repeat(4000)}`],
      2,
    ],
    ['a logout URI with a fragment', [...CODE, '--backchannel-logout-uri', `${SPA}/#x`], 2],
    ['the allowed origin null', [...CODE, '--auth-method', 'none', '--allowed-origin', 'null'], 2],
    ['the allowed origin *', [...CODE, '--auth-method', 'none', '--allowed-origin', '*'], 2],
    ['an allowed origin of a client with a secret', [...CODE, '--allowed-origin', SPA], 2],
    [
      'allowed origins that exceed the column',
      [...CODE, '--auth-method', 'none', '--allowed-origin', `https://${'x'.repeat(4000)}`],
      2,
    ],
    ['keys without private_key_jwt', ['--jwks', 'x.json'], 2],
    ['an assertion audience without keys', ['--assertion-audience', 'token-endpoint'], 2],
    ['an unknown assertion audience', ['--assertion-audience', 'any'], 2],
    ['private_key_jwt without keys', ['--auth-method', 'private_key_jwt'], 2],
    ['an unknown method', ['--auth-method', 'tls_client_auth'], 2],
    ['an unknown subject type', ['--subject-type', 'ephemeral'], 2],
    ['an algorithm that does not sign', ['--id-token-algorithm', 'none'], 2],
    ['an unknown resource server', ['--resource-server', 'https://other.example'], 1],
    [
      'an unknown exchange target',
      ['--grant', 'token-exchange', '--resource-server', PHOTOS, '--exchange-target', 'urn:x'],
      1,
    ],
    ['this server as a resource server', ['--resource-server', 'http://localhost:3000'], 1],
  ])('refuses %s in one sentence', async (_, options, exitCode) => {
    const [code, errors] = await refusal('--scope', 'photos:read', ...options);
    expect([code, errors]).toEqual([exitCode, expect.stringMatching(/^[^\n]{10,300}\n/)]);
  });

  it('registers a client that clients list prints', async () => {
    const { printed } = await create('--scope', 'openid', ...CODE, '--name', 'Shown');
    const listed: readonly { id: string }[] = await ops.runJson(['clients', 'list']);
    expect(listed.find(({ id }) => id === printed.id)).toMatchObject({
      name: 'Shown',
      redirectUris: [CALLBACK],
      pkce: 'or-nonce',
    });
    const { output } = await ops.run(['clients', 'list']);
    expect(output).toMatch(
      new RegExp(`^${printed.id} +enabled +client_secret_basic +or-nonce +auth`, 'm'),
    );
  });

  it('labels the id and the secret of a new client, and says what to do with them', async () => {
    const id = anId();
    const { output } = await ops.run(['clients', 'create', id, '--scope', 'photos:read']);
    expect(output).toMatch(new RegExp(`^  client_id: +${id}$`, 'm'));
    expect(output).toMatch(/^ {2}client_secret: +[\w-]{43}$/m);
    expect(output).toContain(`clients rotate-secret ${id}`);
  });

  it('prints lists of clients that fit in 100 columns', async () => {
    const grants = 'authorization_code refresh_token client_credentials';
    const options = ['--scope', 'openid', '--grant', grants, '--redirect-uri', CALLBACK];
    await ops.run(['clients', 'create', 'a'.repeat(64), ...options]);
    const { output } = await ops.run(['clients', 'list']);
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it.each(['http://localhost/callback', 'http://localhost:8080/callback'])(
    'says for %s that the port is fixed, and names the address whose port is free (RFC 8252 §7.3)',
    async (uri) => {
      const options = ['--scope', 'openid', '--auth-method', 'none'];
      const grant = ['--grant', 'authorization_code', '--redirect-uri'];
      const { code, errors } = await ops.run([
        ...['clients', 'create', anId(), ...options, ...grant, uri],
      ]);
      expect([code, errors]).toEqual([0, expect.stringContaining('http://127.0.0.1')]);
      const literal = uri.replace('localhost', '127.0.0.1');
      const quiet = await ops.run([
        ...['clients', 'create', anId(), ...options, ...grant, literal],
      ]);
      expect(quiet.errors).not.toContain('RFC 8252');
    },
  );

  it('says how to go on when the client exists, and when it is disabled', async () => {
    const id = anId();
    const command = ['clients', 'create', id, '--scope', 'photos:read'];
    await ops.run(command);
    const existing = await ops.run(command);
    expect([existing.code, existing.errors]).toEqual([
      1,
      expect.stringContaining(`clients update ${id}`),
    ]);
    await ops.run(['clients', 'disable', id]);
    const disabled = await ops.run(command);
    expect([disabled.code, disabled.errors]).toEqual([
      1,
      expect.stringContaining(`clients enable ${id}`),
    ]);
  });
});

describe('a redirect URI (RFC 6749 §3.1.2, RFC 8252 §7)', () => {
  it.each([
    'https://client.example/callback',
    'https://client.example',
    'https://client.example:8443/cb?tenant=1',
    'http://localhost:5173/callback',
    'http://127.0.0.1/callback',
    'http://[::1]:8080/',
    'com.example.app:/oauth',
    'com.example.app://oauth/callback',
    'https://client.example/'.padEnd(2000, 'x'),
  ])('accepts %s', (uri) => {
    expect(findRedirectUriFault(uri)).toBeUndefined();
  });

  it.each([
    'http://client.example/callback',
    'http://localhost.evil.example/',
    'https://client.example/#here',
    'https://client.example/cb#',
    '/callback',
    'client.example/callback',
    'https:client.example',
    'https:/client.example',
    'https://user:password@client.example/',
    'https://*.client.example/',
    'https://client.example\\@evil.example',
    'https://client.example/a b',
    'https://clïent.example/',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'blob:https://client.example/x',
    'myapp:/callback',
    'urn:ietf:wg:oauth:2.0:oob',
    'https://client.example/'.padEnd(2001, 'x'),
    '',
  ])('rejects %j', (uri) => {
    expect(findRedirectUriFault(uri)).toMatch(/^must /);
  });
});

describe('a back-channel logout URI (OpenID Connect Back-Channel Logout §2.2)', () => {
  it.each([
    'https://client.example/logout?tool=shop',
    'http://localhost:3003/',
    'http://[::1]/',
    'http://back-office:3000/back-channel-logout',
  ])('accepts %s', (uri) => {
    expect(findLogoutUriFault(uri)).toBeUndefined();
  });

  it.each([
    'http://client.example/logout',
    'http://169.254.169.254/latest',
    'http://2852039166/latest',
    'http://0xa9fea9fe/latest',
    'http://shop:password@client.example/',
    'https://client.example/#fragment',
    'https://user:password@client.example/',
    'com.example.shop:/logout',
    'file:///etc/passwd',
    '/logout',
    '',
  ])('rejects %j', (uri) => {
    expect(findLogoutUriFault(uri)).toMatch(/^must /);
  });
});

describe('an allowed origin (RFC 6454 §6.2)', () => {
  it.each([
    'https://app.example',
    'https://app.example:8443',
    'https://localhost',
    'http://localhost',
    'http://localhost:8100',
    'http://127.0.0.1:5173',
    'http://[::1]',
    'http://tauri.localhost',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'moz-extension://0f1e2d3c-0000-4000-8000-000000000000',
    'app://com.example.desktop',
  ])('accepts %s', (origin) => {
    expect(findOriginFault(origin)).toBeUndefined();
  });

  it.each([
    ['null', /null/],
    ['*', /wildcard/],
    ['https://*.example', /wildcard/],
    ['capacitor://*', /wildcard/],
    ['https://app.example/', /such as https:\/\/app\.example$/],
    ['https://app.example/cb', /such as https:\/\/app\.example$/],
    ['https://APP.example', /such as https:\/\/app\.example$/],
    ['https://app.example:443', /such as https:\/\/app\.example$/],
    ['https://user@app.example', /such as/],
    ['https://bücher.example', /such as https:\/\/xn--bcher-kva\.example$/],
    ['http://app.example', /must be https:/],
    ['http://localhost.evil.example', /must be https:/],
    ['capacitor://localhost/', /without a path/],
    ['Capacitor://localhost', /lower case/],
    ['capacitor:localhost', /scheme, host/],
    ['com.example.app:/cb', /scheme, host/],
    ['app.example', /scheme, host/],
    ['file://localhost', /page or an app/],
    ['data:text/html,x', /page or an app/],
    ['javascript://localhost', /page or an app/],
    ['', /page or an app/],
  ])('rejects %j with the reason', (origin, reason) => {
    expect(findOriginFault(origin)).toMatch(/^must /);
    expect(findOriginFault(origin)).toMatch(reason);
  });
});
