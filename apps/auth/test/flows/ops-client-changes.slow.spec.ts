import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { ClientKey, toKeySet } from '../support/client-key.js';
import { type TestAuth } from '../support/test-auth.js';
import { startAuthWithOps, type TestOps } from '../support/test-ops.js';

const CALLBACK = 'https://client.example/callback';
let count = 0;

describe('changes of clients with the operations CLI', () => {
  let auth: TestAuth;
  let ops: TestOps;
  let folder: string;
  beforeAll(async () => {
    ({ auth, ops, folder } = await startAuthWithOps());
  });
  afterAll(() => auth.stop());

  const find = (id: string) => auth.app.get(ClientRepository).find(id);
  const anId = () => `changed-${(count += 1)}`;
  const create = async (...options: string[]) => ({
    printed: await ops.runJson(['clients', 'create', anId(), ...options]),
  });
  const aFile = async (content: string) => {
    const file = join(folder, `${(count += 1)}.json`);
    await writeFile(file, content);
    return file;
  };

  describe('clients update', () => {
    const aWebsite = async () =>
      (
        await create(
          ...['--scope', 'openid photos:read', '--grant', 'authorization_code refresh_token'],
          ...['--redirect-uri', CALLBACK, '--name', 'Before', '--access-token-ttl', '60'],
        )
      ).printed.id;
    const update = (id: string, ...options: string[]) =>
      ops.runJson(['clients', 'update', id, ...options]);

    it('changes only what the options name, replaces lists, and prints what changed', async () => {
      const id = await aWebsite();
      const before = await find(id);
      const result = await update(
        ...([id, '--name', 'After', '--no-pkce', '--first-party'] as const),
        ...['--redirect-uri', `${CALLBACK}/2`, '--redirect-uri', `${CALLBACK}/3`],
      );
      expect(result).toEqual({
        ...{ dryRun: false, clientId: id, isNew: false, isDisabled: false },
        changed: {
          name: { before: 'Before', after: 'After' },
          redirectUris: { before: [CALLBACK], after: [`${CALLBACK}/2`, `${CALLBACK}/3`] },
          pkce: { before: 'or-nonce', after: 'never-required' },
          firstParty: { before: false, after: true },
        },
      });
      expect(await find(id)).toEqual({
        ...before,
        name: 'After',
        redirectUris: [`${CALLBACK}/2`, `${CALLBACK}/3`],
        requirePkce: false,
        nonceReplacesPkce: false,
        firstParty: true,
      });
      await update(id, '--pkce', '--no-first-party');
      expect(await find(id)).toMatchObject({ pkce: 'always', firstParty: false });
    });

    it.each<[string, readonly string[], readonly string[], string]>([
      ['tightens the rule', [], ['--pkce', 'always'], 'always'],
      ['allows a nonce', ['--pkce'], ['--pkce', 'or-nonce'], 'or-nonce'],
      ['drops PKCE', [], ['--pkce', 'never-required'], 'never-required'],
      ['keeps the rule beside other changes', ['--no-pkce'], ['--name', 'New'], 'never-required'],
      ['makes the client public', [], ['--auth-method', 'none'], 'always'],
      [
        'makes the client public that needed no PKCE',
        ['--no-pkce'],
        ['--auth-method', 'none'],
        'always',
      ],
    ])('changes the PKCE rule: %s', async (_, before, options, pkce) => {
      const id = await aWebsite();
      await update(id, '--name', 'Again', ...before);
      await update(id, ...options);
      expect((await find(id))?.pkce).toBe(pkce);
      expect(await ops.runJson(['clients', 'show', id])).toMatchObject({ pkce });
    });

    it('tells of an option of PKCE without effect, and of no notice that the client had before', async () => {
      const { printed } = await create('--scope', 'photos:read', '--first-party');
      const words = ['clients', 'update', printed.id];
      expect((await ops.run([...words, '--name', 'x'])).errors).toBe('');
      expect((await ops.run([...words, '--pkce', 'or-nonce'])).errors).toMatch(
        /--pkce has no effect/,
      );
    });

    it('keeps one of the rules that two concurrent updates name', async () => {
      const id = await aWebsite();
      const rules = ['always', 'never-required'];
      await Promise.all(rules.map((rule) => update(id, '--pkce', rule)));
      expect(rules).toContain((await find(id))?.pkce);
    });

    it('prints each change in a line, and says when there is none', async () => {
      const id = await aWebsite();
      const { output } = await ops.run(['clients', 'update', id, '--scope', 'openid']);
      expect(output).toContain('  scope: openid photos:read -> openid\n');
      const again = await ops.run(['clients', 'update', id, '--scope', 'openid']);
      expect([again.code, again.output]).toEqual([0, expect.stringContaining('already')]);
    });

    it('empties lists and returns to defaults with --clear', async () => {
      const id = await aWebsite();
      await update(id, '--post-logout-redirect-uri', 'https://client.example/');
      await update(
        ...([id, '--grant', 'client_credentials', '--clear', 'redirect-uri'] as const),
        ...[
          '--clear',
          'post-logout-redirect-uri',
          '--clear',
          'access-token-ttl',
          '--clear',
          'name',
        ],
      );
      expect(await find(id)).toMatchObject({
        ...{ redirectUris: [], postLogoutRedirectUris: [], accessTokenTtl: null, name: '' },
      });
    });

    it('changes nothing in a dry run, and prints what would change', async () => {
      const id = await aWebsite();
      const before = await find(id);
      const { dryRun, changed } = await update(id, '--scope', 'openid', '--dry-run');
      expect([dryRun, Object.keys(changed), await find(id)]).toEqual([true, ['scope'], before]);
    });

    it('prints the secret of a client that becomes confidential, and none for other changes', async () => {
      const id = await aWebsite();
      expect(await update(id, '--name', 'x', '--auth-method', 'none')).not.toHaveProperty(
        'clientSecret',
      );
      const { clientSecret, changed } = await update(id, '--auth-method', 'client_secret_post');
      expect(clientSecret).toMatch(/^[\w-]{43}$/);
      expect(changed.secretHashes).toEqual({ before: 0, after: 1 });
      expect(JSON.stringify(changed)).not.toContain(clientSecret);
    });

    it('replaces keys and assertion audience of a client, drops both with its method, and names keys by kid only', async () => {
      const [one, two] = [await ClientKey.generate(), await ClientKey.generate()];
      const { printed } = await create(
        ...['--scope', 'photos:read', '--auth-method', 'private_key_jwt'],
        ...['--jwks', await aFile(toKeySet(one))],
      );
      const { changed } = await update(printed.id, '--jwks', await aFile(toKeySet(two)));
      expect(changed).toEqual({
        jwks: { before: [one.publicJwk['kid']], after: [two.publicJwk['kid']] },
      });
      const audience = await update(printed.id, '--assertion-audience', 'token-endpoint');
      expect(audience.changed).toEqual({
        assertionAudience: { before: 'issuer', after: 'token-endpoint' },
      });
      await update(printed.id, '--auth-method', 'client_secret_basic');
      expect(await find(printed.id)).toMatchObject({
        jwks: null,
        assertionAudience: 'issuer',
        secretHashes: [expect.any(String)],
      });
    });

    it.each<[string, readonly string[], number]>([
      ['no option', [], 2],
      ['an unknown scope', ['--scope', 'photos:nonsense'], 1],
      ['codes without a redirect URI', ['--clear', 'redirect-uri'], 2],
      ['a wrong redirect URI', ['--redirect-uri', 'http://client.example/'], 2],
      ['a wrong origin', ['--auth-method', 'none', '--allowed-origin', 'null'], 2],
      ['a public client without PKCE', ['--auth-method', 'none', '--no-pkce'], 2],
      ['private_key_jwt without keys', ['--auth-method', 'private_key_jwt'], 2],
      ['an option that has no default', ['--clear', 'scope'], 2],
      ['an unknown resource server', ['--resource-server', 'https://other.example'], 1],
    ])('refuses %s in one sentence and changes nothing', async (_, options, exitCode) => {
      const id = await aWebsite();
      const before = await find(id);
      const { code, errors } = await ops.run(['clients', 'update', id, ...options]);
      expect([code, errors]).toEqual([exitCode, expect.stringMatching(/^[^\n]{10,300}\n/)]);
      expect(await find(id)).toEqual(before);
    });

    it('keeps a scope that left the configuration until the operator changes the scope', async () => {
      const id = 'old-scope';
      await auth.registerClient({ id, scope: ['left:scope'], grantTypes: ['refresh_token'] });
      await update(id, '--name', 'Old');
      expect(await find(id)).toMatchObject({ name: 'Old', scope: ['left:scope'] });
    });
  });

  describe('clients show and clients apply', () => {
    const apply = (file: string, ...more: string[]) => ops.run(['clients', 'apply', file, ...more]);

    it('shows a registration that clients apply accepts without a change', async () => {
      const key = await ClientKey.generate();
      const { printed } = await create(
        ...['--scope', 'openid photos:read', '--grant', 'authorization_code'],
        ...['--redirect-uri', CALLBACK, '--name', 'Shown', '--auth-method', 'private_key_jwt'],
        ...['--jwks', await aFile(toKeySet(key)), '--subject-type', 'pairwise'],
        ...['--assertion-audience', 'token-endpoint'],
      );
      const document = await ops.runJson(['clients', 'show', printed.id]);
      expect(document).toMatchObject({
        id: printed.id,
        jwks: { keys: [key.publicJwk] },
        assertionAudience: 'token-endpoint',
        secrets: 0,
      });
      const file = await aFile(JSON.stringify(document));
      expect((await ops.runJson(['clients', 'apply', file])).clients).toMatchObject([
        { clientId: printed.id, isNew: false, changed: {} },
      ]);
      const { output } = await ops.run(['clients', 'show', printed.id]);
      expect(output).toMatch(/^redirectUris +https:\/\/client\.example\/callback$/m);
      expect((await ops.run(['clients', 'show', 'no-such-client'])).code).toBe(1);
    });

    it('creates and replaces clients, and prints each secret once', async () => {
      const [one, two] = [anId(), anId()];
      const clients = [
        { id: one, scope: 'photos:read photos:write' },
        { id: two, scope: ['photos:read'], grantTypes: ['refresh_token'], authMethod: 'none' },
      ];
      const file = await aFile(JSON.stringify({ clients }));
      const dryRun = await ops.runJson(['clients', 'apply', file, '--dry-run']);
      expect(JSON.stringify(dryRun)).not.toContain('Secret"');
      const { output } = await apply(file);
      const [, secret = ''] = /client_secret: +([\w-]{43})$/m.exec(output) ?? [];
      const asked = await auth.token({ grant_type: 'client_credentials' }, `${one}:${secret}`);
      expect(asked.body['scope']).toBe('photos:read photos:write');
      const again = await ops.runJson(['clients', 'apply', file]);
      expect(again.clients).toEqual(
        [one, two].map((clientId) => ({
          ...{ clientId, isNew: false, isDisabled: false, changed: {} },
        })),
      );

      const next = await aFile(JSON.stringify([{ id: one, scope: 'photos:read', name: 'New' }]));
      const { clients: changed } = await ops.runJson(['clients', 'apply', next]);
      expect(Object.keys(changed[0].changed).sort()).toEqual(['name', 'scope']);
    });

    it.each<[string, object, string]>([
      ['pkce', { pkce: 'always' }, 'always'],
      ['no rule', {}, 'or-nonce'],
      ['no rule of a public client', { authMethod: 'none' }, 'always'],
      ['requirePkce: true of an earlier version', { requirePkce: true }, 'always'],
      ['requirePkce: false of an earlier version', { requirePkce: false }, 'never-required'],
    ])('applies the PKCE rule of a document with %s', async (_, more, pkce) => {
      const id = anId();
      const website = { grantTypes: ['authorization_code'], redirectUris: [CALLBACK] };
      const file = await aFile(JSON.stringify({ id, scope: 'openid', ...website, ...more }));
      expect((await apply(file)).code).toBe(0);
      expect((await find(id))?.pkce).toBe(pkce);
    });

    it('reads the document from standard input', async () => {
      const document = JSON.stringify({ id: anId(), scope: 'photos:read' });
      const { clients } = await ops.runJson(['clients', 'apply', '-'], document);
      expect(clients).toMatchObject([{ isNew: true, clientSecret: expect.any(String) }]);
    });

    it('names all faults of a document at once, changes nothing, and repeats no value', async () => {
      const good = anId();
      const secret = 'x'.repeat(43);
      const clients = [
        { id: good, scope: 'photos:read' },
        { id: good, scope: 'photos:read', authMethod: 'tls_client_auth', accessTokenTtl: 0 },
        { id: 'Not_An_Id', scope: 'photos:read', redirectUris: ['http://client.example/'] },
        { id: anId(), secret, jwks: { keys: [{ d: secret }] } },
        { id: 'no-scope', pkce: 'always', requirePkce: false },
        { id: 'empty-scope', scope: [] },
        { id: good, scope: 'photos:read' },
        'a string',
      ];
      const { code, output, errors } = await apply(await aFile(JSON.stringify({ clients })));
      expect([code, output]).toEqual([2, '']);
      for (const fault of [
        ...['clients[1]: authMethod', 'clients[1]: accessTokenTtl'],
        ...[
          'clients[2] (Not_An_Id): the id must be',
          'clients[2] (Not_An_Id): http://client.example/ must',
        ],
        ...['clients[3]: jwks.keys', 'clients[3]: Unrecognized key'],
        ...[
          'clients[4]: requirePkce is the former form of pkce',
          'clients[5] (empty-scope): a client needs a --scope',
        ],
        ...[`clients[6] (${good}): is there twice`, 'clients[7]: '],
      ]) {
        expect(errors).toContain(fault);
      }
      expect(errors).not.toContain(secret);
      expect(await find(good)).toBeUndefined();
    });

    it.each(['', '{', '[]', '{"clients":[]}', 'null', '"text"', '5'])(
      'refuses the document %j in one sentence',
      async (content) => {
        const { code, errors } = await apply(await aFile(content));
        expect([code, errors]).toEqual([2, expect.stringMatching(/^[^\n]{10,300}\n/)]);
      },
    );

    it('refuses unknown scopes of all clients at once, and changes nothing', async () => {
      const ids = [anId(), anId()];
      const clients = ids.map((id) => ({ id, scope: `${id}:scope` }));
      const { code, errors } = await apply(await aFile(JSON.stringify(clients)));
      expect(code).toBe(1);
      for (const id of ids)
        expect(errors).toContain(`no resource server has the scope ${id}:scope`);
      expect(await find(ids[0] ?? '')).toBeUndefined();
    });
  });
});
