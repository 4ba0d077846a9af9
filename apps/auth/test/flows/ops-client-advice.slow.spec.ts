import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { TICKETS, PHOTOS, type TestAuth } from '../support/test-auth.js';
import { startAuthWithOps, type TestOps } from '../support/test-ops.js';

const CALLBACK = 'https://client.example/callback';
const CODE = ['--grant', 'authorization_code', '--redirect-uri', CALLBACK];
let count = 0;

describe('ops clients create, with what it says about the client', () => {
  let auth: TestAuth;
  let ops: TestOps;
  let folder: string;
  beforeAll(async () => {
    ({ auth, ops, folder } = await startAuthWithOps());
  });
  afterAll(() => auth.stop());

  const anId = () => `described-${(count += 1)}`;
  const create = async (...options: string[]) => {
    const id = anId();
    const printed = await ops.runJson(['clients', 'create', id, ...options]);
    return { printed, client: await auth.app.get(ClientRepository).findEnabled(id) };
  };

  it.each<[string, readonly string[], string]>([
    ['no option', [], 'or-nonce'],
    ['--pkce always', ['--pkce', 'always'], 'always'],
    ['--pkce or-nonce', ['--pkce', 'or-nonce'], 'or-nonce'],
    ['--pkce never-required', ['--pkce', 'never-required'], 'never-required'],
    ['--pkce', ['--pkce'], 'always'],
    ['--no-pkce', ['--no-pkce'], 'never-required'],
    ['a public client', ['--auth-method', 'none'], 'always'],
    ['a public client and --pkce', ['--auth-method', 'none', '--pkce'], 'always'],
  ])(
    'registers for %s the PKCE rule that clients list and show print',
    async (_, options, pkce) => {
      const { printed, client } = await create('--scope', 'openid', ...CODE, ...options);
      expect([printed.pkce, client?.pkce]).toEqual([pkce, pkce]);
      const listed = await ops.run(['clients', 'list']);
      expect(listed.output).toMatch(new RegExp(`^${printed.id} +enabled +\\w+ +${pkce} `, 'm'));
      const shown = await ops.run(['clients', 'show', printed.id]);
      expect(shown.output).toMatch(new RegExp(`^pkce +${pkce}$`, 'm'));
    },
  );

  it('registers a resource server that introspects without scope and grant (RFC 7662 §2.1)', async () => {
    const { printed, client } = await create('--resource-server', PHOTOS);
    expect(client).toMatchObject({ scope: [], grantTypes: [], resourceServer: PHOTOS });
    const { access_token: token } = await auth.createLogin();
    const as = `${printed.id}:${printed.clientSecret}`;
    const introspected = await auth.send('/oauth/introspect', {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(as).toString('base64')}` },
      body: new URLSearchParams({ token: token ?? '' }),
    });
    expect(introspected.body).toMatchObject({ active: true, aud: PHOTOS });
    const refused = await auth.token({ grant_type: 'client_credentials' }, as);
    expect(refused.body['error']).toBe('unauthorized_client');
    const file = join(folder, 'introspecting.json');
    await writeFile(file, JSON.stringify(await ops.runJson(['clients', 'show', printed.id])));
    expect((await ops.runJson(['clients', 'apply', file])).clients).toMatchObject([
      { clientId: printed.id, changed: {} },
    ]);
  });

  it.each<[string, readonly string[]]>([
    ['no scope', []],
    ['an empty scope', ['--scope', '']],
    ['a resource server with a grant', ['--resource-server', PHOTOS, '--grant', 'token-exchange']],
  ])('refuses %s, and names the option', async (_, options) => {
    const { code, errors } = await ops.run(['clients', 'create', anId(), ...options]);
    expect([code, errors]).toEqual([2, expect.stringContaining('--scope')]);
  });

  const REFRESHING = ['--grant', 'authorization_code refresh_token', '--redirect-uri', CALLBACK];
  it.each<[string, readonly string[], RegExp]>([
    [
      'offline_access without the grant refresh_token',
      ['--scope', 'openid offline_access', ...CODE],
      /offline_access.*refresh_token to --grant/,
    ],
    [
      'the grant refresh_token without offline_access (OpenID Connect Core §11)',
      ['--scope', 'openid', ...REFRESHING],
      /offline_access to --scope/,
    ],
    [
      'the grant refresh_token without a grant that begins a session',
      ['--scope', 'photos:read', '--grant', 'refresh_token'],
      /authorization_code to --grant/,
    ],
    [
      'the lifetime of a session without refresh',
      ['--scope', 'openid', ...CODE, '--refresh-idle-ttl', '600'],
      /--refresh-idle-ttl/,
    ],
    [
      'an idle lifetime that exceeds the absolute lifetime',
      [
        ...['--scope', 'openid offline_access', ...REFRESHING],
        ...['--refresh-idle-ttl', '600', '--refresh-absolute-ttl', '500'],
      ],
      /--refresh-idle-ttl has no effect: .* 500 seconds/,
    ],
    [
      'lean ID tokens without openid',
      ['--scope', 'photos:read', ...CODE, '--lean-id-tokens'],
      /--lean-id-tokens has no effect: add openid/,
    ],
    [
      'client_credentials with scopes of users only',
      ['--scope', 'openid profile'],
      /client_credentials.*scope of an API/,
    ],
    ['claims of a user without openid', ['--scope', 'profile', ...CODE], /add openid/],
    [
      'an algorithm of ID tokens without openid',
      ['--scope', 'photos:read', ...CODE, '--id-token-algorithm', 'ES256'],
      /--id-token-algorithm.*openid/,
    ],
    [
      'a redirect after logout without a login',
      ['--scope', 'photos:read', '--post-logout-redirect-uri', CALLBACK],
      /--post-logout-redirect-uri has no effect/,
    ],
    ['a first party without a login', ['--scope', 'photos:read', '--first-party'], /--first-party/],
    [
      'pairwise subjects without a login',
      ['--scope', 'photos:read', '--subject-type', 'pairwise'],
      /--subject-type/,
    ],
    ['PKCE without a login', ['--scope', 'photos:read', '--pkce'], /--pkce has no effect/],
    [
      'a nonce instead of PKCE without openid',
      ['--scope', 'photos:read', ...CODE, '--pkce', 'or-nonce'],
      /nonce needs openid/,
    ],
    ['no PKCE', ['--scope', 'openid', ...CODE, '--no-pkce'], /RFC 9700 §4\.5/],
    [
      'an exchange target whose scopes the client lacks',
      [
        ...['--scope', 'photos:read', '--grant', 'token-exchange'],
        ...['--resource-server', PHOTOS, '--exchange-target', TICKETS],
      ],
      /no token for http:\/\/localhost:3002.*such as tickets:/,
    ],
  ])('accepts %s with a notice to standard error', async (_, options, notice) => {
    const { code, errors } = await ops.run(['clients', 'create', anId(), ...options]);
    expect([code, errors]).toEqual([0, expect.stringMatching(notice)]);
    expect(errors).toMatch(/^([^\n]{10,200}\n){1,3}$/);
  });

  it('names the client of each notice of clients apply', async () => {
    const documents = ['first', 'second'].map((id) => ({ id, scope: 'openid' }));
    const { code, errors } = await ops.run(['clients', 'apply', '-'], JSON.stringify(documents));
    expect([code, errors]).toEqual([
      0,
      expect.stringMatching(/^first: .*\n(first: .*\n)?second: /),
    ]);
  });

  it.each<[string, readonly string[]]>([
    ['a service', ['--scope', 'photos:read']],
    ['a website', ['--scope', 'openid offline_access photos:read', ...REFRESHING]],
    ['a first-party website', ['--scope', 'openid', ...REFRESHING, '--first-party']],
    ['a client without OpenID Connect', ['--scope', 'photos:read', ...CODE]],
    ['a resource server that introspects', ['--resource-server', PHOTOS]],
  ])('registers %s without a notice', async (_, options) => {
    const { code, errors } = await ops.run(['clients', 'create', anId(), ...options]);
    expect([code, errors]).toEqual([0, '']);
  });

  it.each<[string, readonly string[], readonly RegExp[]]>([
    [
      'a website',
      ['--scope', 'openid photos:read', ...CODE],
      [
        /^ {2}issuer +http:\/\/localhost:3000$/m,
        /^ {2}authentication +client_secret_basic: .*Authorization$/m,
        /^ {2}scope +openid photos:read$/m,
        /^ {2}redirect URI +https:\/\/client\.example\/callback$/m,
        /^ {2}PKCE +S256; .*openid and a nonce$/m,
      ],
    ],
    [
      'a website that needs PKCE',
      ['--scope', 'openid', ...CODE, '--pkce', 'always'],
      [/^ {2}PKCE +S256, in each authorization request$/m],
    ],
    [
      'a client without openid',
      ['--scope', 'photos:read', ...CODE],
      [/^ {2}PKCE +S256, in each authorization request$/m],
    ],
    [
      'a public client',
      ['--scope', 'openid', ...CODE, '--auth-method', 'none'],
      [/^ {2}authentication +none: /m, /^ {2}PKCE +S256, in each authorization request$/m],
    ],
    [
      'a service that sends its secret in the body',
      ['--scope', 'photos:read', '--auth-method', 'client_secret_post'],
      [/^ {2}authentication +client_secret_post: the secret in the body$/m],
    ],
  ])('prints what the library of %s must be told', async (_, options, lines) => {
    const { output } = await ops.run(['clients', 'create', anId(), ...options]);
    for (const line of lines) expect(output).toMatch(line);
    expect(output).toContain('docs/clients.md#your-client');
    expect(output.includes('PKCE')).toBe(options.includes('--redirect-uri'));
    const [, library = ''] = output.split('\n\n');
    for (const line of library.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});
