import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import {
  ClientOperationRefused,
  ClientOperationsService,
} from '../../src/sessions/client-operations.service.js';
import { hashClientSecret } from '../../src/clients/registered-credentials.js';
import { type ClientRegistration, ClientRepository } from '../../src/clients/client.repository.js';
import { aSession } from '../support/factories.js';
import { decodeClaims, TestAuth } from '../support/test-auth.js';

let clients = 0;
const aService = (more: Partial<ClientRegistration> = {}): ClientRegistration => ({
  id: `service-${(clients += 1)}`,
  authMethod: 'client_secret_basic',
  secretHashes: [hashClientSecret('first')],
  grantTypes: ['client_credentials', 'refresh_token'],
  scope: ['photos:read'],
  ...more,
});

eachDatabase('operations on clients', (fresh) => {
  let auth: TestAuth;
  let operations: ClientOperationsService;
  beforeAll(async () => {
    const { databaseUrl, dataDir } = await fresh();
    const url = databaseUrl !== undefined && { DATABASE_URL: databaseUrl };
    auth = await TestAuth.start({ DATA_DIR: dataDir, ...url });
    operations = auth.app.get(ClientOperationsService);
  });
  afterAll(() => auth.stop());

  const ask = (id: string, secret: string) =>
    auth.token({ grant_type: 'client_credentials' }, `${id}:${secret}`);
  const statusesOf = async (id: string, secrets: readonly (string | undefined)[]) => {
    const answers = await Promise.all(secrets.map((secret) => ask(id, secret ?? '')));
    return answers.map(({ status }) => status);
  };
  const events = (id: string) =>
    auth.app
      .get(UnitOfWork)
      .query<{ type: string }>(
        `SELECT type FROM security_event WHERE type LIKE 'client.%' AND type <> 'client.refused' AND detail LIKE $1 ORDER BY type`,
        [`%"${id}"%`],
      )
      .then((rows) => rows.map(({ type }) => type));

  const refresh = (id: string, refresh_token: string) =>
    auth.token({ grant_type: 'refresh_token', refresh_token }, `${id}:first`);

  it('creates a client once, also for concurrent calls', async () => {
    const client = aService();
    const created = await Promise.all([
      operations.create(client, 'operator'),
      operations.create({ ...client, secretHashes: [hashClientSecret('other')] }, 'operator'),
    ]);
    expect(created.sort()).toEqual([false, true]);
    expect((await statusesOf(client.id, ['first', 'other'])).sort()).toEqual([200, 401]);
    expect(await events(client.id)).toEqual(['client.created']);
  });

  it('allocates a status list index for a client_credentials client and keeps it at an update', async () => {
    const client = aService();
    await operations.create(client, 'operator');
    const before = decodeClaims((await ask(client.id, 'first')).body['access_token']);
    await auth.app.get(ClientRepository).upsert(client);
    const after = decodeClaims((await ask(client.id, 'first')).body['access_token']);
    expect(before['status']).toEqual({ status_list: expect.any(Object) });
    expect(after['status']).toEqual(before['status']);
  });

  it('adds a new secret, keeps the previous one valid, and makes older ones invalid', async () => {
    const { id } = aService();
    await operations.create({ ...aService(), id }, 'operator');
    const second = await operations.rotateSecret(id, 'operator');
    expect(await statusesOf(id, ['first', second, `${second}x`])).toEqual([200, 200, 401]);
    const third = await operations.rotateSecret(id, 'operator');
    expect(await statusesOf(id, ['first', second, third])).toEqual([401, 200, 200]);
    expect(Buffer.from(third ?? '', 'base64url')).toHaveLength(32);
  });

  it('keeps both secrets of two concurrent rotations valid', async () => {
    const client = aService();
    await operations.create(client, 'operator');
    const secrets = await Promise.all([
      operations.rotateSecret(client.id, 'operator'),
      operations.rotateSecret(client.id, 'operator'),
    ]);
    expect(await statusesOf(client.id, [...secrets, 'first'])).toEqual([200, 200, 401]);
  });

  it('returns no secret for a public, disabled or unknown client', async () => {
    const open = aService({ authMethod: 'none', secretHashes: [], grantTypes: ['refresh_token'] });
    const closed = aService();
    for (const client of [open, closed]) await operations.create(client, 'operator');
    await operations.disable(closed.id, 'operator');
    for (const id of [open.id, closed.id, 'unknown-client']) {
      expect(await operations.rotateSecret(id, 'operator')).toBeUndefined();
    }
  });

  it('disables a client once, and revokes its sessions', async () => {
    const client = aService();
    await operations.create(client, 'operator');
    const tokens = [await aSession(auth, client.id), await aSession(auth, client.id)];
    const disabled = await Promise.all([
      operations.disable(client.id, 'operator'),
      operations.disable(client.id, 'operator'),
    ]);
    expect(disabled.sort()).toEqual([false, true]);
    expect(await statusesOf(client.id, ['first'])).toEqual([401]);
    for (const token of tokens) expect((await refresh(client.id, token)).status).toBe(401);
    const ended = await auth.app
      .get(UnitOfWork)
      .query('SELECT end_reason FROM refresh_token_family WHERE client_id = $1', [client.id]);
    expect(ended).toEqual(tokens.map(() => ({ end_reason: 'client_disabled' })));
    expect(await events(client.id)).toEqual(['client.created', 'client.disabled']);
  });

  it('rejects disabling the first-party client, because it is part of the configuration', async () => {
    const refused = operations.disable('gatehouse-first-party', 'operator');
    await expect(refused).rejects.toThrow(ClientOperationRefused);
  });

  it('lists all clients in order of their ids, also disabled ones', async () => {
    const names = (await operations.list()).map(({ id }) => id);
    expect(names).toEqual([...names].sort());
    expect(names).toContain('gatehouse-first-party');
  });

  describe('the lifetimes of a client’s sessions', () => {
    it('ends a session after the client’s idle lifetime, counted from the login or the latest rotation', async () => {
      const client = aService({ refreshIdleTtl: 100 });
      await operations.create(client, 'operator');
      let token = await aSession(auth, client.id);
      for (let n = 0; n < 3; n += 1) {
        auth.clock.advance({ seconds: 99 });
        const answer = await refresh(client.id, token);
        expect(answer.status).toBe(200);
        token = answer.body['refresh_token'] ?? '';
      }
      auth.clock.advance({ seconds: 100 });
      expect((await refresh(client.id, token)).status).toBe(400);
      const unused = await aSession(auth, client.id);
      auth.clock.advance({ seconds: 100 });
      expect((await refresh(client.id, unused)).status).toBe(400);
    });

    it('ends a session after the client’s absolute lifetime even if the client refreshes', async () => {
      const client = aService({ refreshAbsoluteTtl: 100 });
      await operations.create(client, 'operator');
      const token = await aSession(auth, client.id);
      auth.clock.advance({ seconds: 99 });
      const answer = await refresh(client.id, token);
      expect(answer.body['expires_in']).toBe(1);
      auth.clock.advance({ seconds: 1 });
      expect((await refresh(client.id, answer.body['refresh_token'] ?? '')).status).toBe(400);
    });

    it('applies the server’s lifetime to a client without its own', async () => {
      const client = aService();
      await operations.create(client, 'operator');
      const token = await aSession(auth, client.id);
      auth.clock.advance({ seconds: 14 * 86_400 - 1 });
      expect((await refresh(client.id, token)).status).toBe(200);
    });
  });
});
