import { Scheduler } from '@gatehouse/persistence';
import { eachDatabase, StatementCounter } from '@gatehouse/persistence/testing';
import { DataSource } from 'typeorm';
import type { ClientRegistration } from '../../src/clients/client.repository.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { hashClientSecret } from '../../src/clients/registered-credentials.js';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { aSession, refreshSession } from '../support/factories.js';
import { TestAuth, toBasicAuthorization, toDatabaseSettings } from '../support/test-auth.js';

const OPERATOR = 'operator';

/** The operator works on one replica, and the client sends its requests to the other one. */
eachDatabase('the cache of clients (decision 34)', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  let operations: ClientOperationsService;
  let counter: StatementCounter;
  beforeAll(async () => {
    const settings = { ...toDatabaseSettings(await fresh()), RATE_LIMITS: 'client=1000/60' };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
    operations = replica.app.get(ClientOperationsService);
    // Each replica looks for logout tokens to send, which is no part of a request.
    await auth.app.get(Scheduler).beforeApplicationShutdown();
    counter = new StatementCounter(auth.app.get(DataSource));
  });
  afterAll(async () => {
    counter.stop();
    await Promise.all([auth.stop(), replica.stop()]);
  });

  let created = 0;
  const aService = async (more: Partial<ClientRegistration> = {}): Promise<string> => {
    const id = `service-${(created += 1)}`;
    const registration = {
      id,
      authMethod: 'client_secret_basic' as const,
      secretHashes: [hashClientSecret('first')],
      grantTypes: ['client_credentials', 'refresh_token'],
      scope: ['photos:read'],
      ...more,
    };
    await operations.create(registration, OPERATOR);
    return id;
  };
  const request = (id: string, secret = 'first') =>
    auth.token({ grant_type: 'client_credentials' }, `${id}:${secret}`);
  const statusOf = async (id: string, secret?: string) => (await request(id, secret)).status;
  const introspect = (id: string, token: string) =>
    auth.send('/oauth/introspect', {
      method: 'POST',
      body: new URLSearchParams({ token }),
      headers: { authorization: toBasicAuthorization(`${id}:first`) },
    });
  /** The client sent a request just now, so that its registration is cached. */
  const aCachedService = async (): Promise<string> => {
    const id = await aService();
    expect(await statusOf(id)).toBe(200);
    return id;
  };
  const letCacheExpire = () => auth.clock.advance({ seconds: 5 });

  it('issues a token of client credentials without a statement while the client is cached', async () => {
    const id = await aCachedService();
    const { texts } = await counter.during(() => request(id));
    expect(texts).toEqual([]);
    letCacheExpire();
    const { statements } = await counter.during(() => request(id));
    expect(statements).toBe(1);
  });

  it('refreshes with two statements, and introspects with one, while the client is cached', async () => {
    const id = await aService();
    const pair = await refreshSession(auth, await aSession(auth, id), { as: `${id}:first` });
    await introspect(id, pair.access);
    const refreshed = await counter.during(() =>
      refreshSession(auth, pair.refresh, { as: `${id}:first` }),
    );
    expect(refreshed.texts.map((text) => text.split(' ')[0])).toEqual(['SELECT', 'UPDATE']);
    const introspected = await counter.during(async () => {
      expect((await introspect(id, pair.access)).body['active']).toBe(true);
    });
    expect(introspected.statements).toBe(1);
  });

  it('refuses a disabled client within five seconds on every replica, and at once where it was disabled', async () => {
    const id = await aCachedService();
    const onReplica = () => replica.token({ grant_type: 'client_credentials' }, `${id}:first`);
    expect((await onReplica()).status).toBe(200);
    await Promise.all([operations.disable(id, OPERATOR), onReplica(), onReplica(), onReplica()]);
    expect((await onReplica()).status).toBe(401);
    letCacheExpire();
    const { status, body } = await request(id);
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
  });

  it('refuses a refresh of a disabled client at once, because its sessions end with it', async () => {
    const id = await aCachedService();
    const text = await aSession(auth, id);
    await operations.disable(id, OPERATOR);
    const answer = await auth.token(
      { grant_type: 'refresh_token', refresh_token: text },
      `${id}:first`,
    );
    expect(answer.body['error']).toBe('invalid_grant');
  });

  it('reports a token of a disabled client as inactive at once (RFC 7662 §2.2)', async () => {
    const id = await aCachedService();
    const { body } = await request(id);
    expect((await introspect(id, body['access_token'] ?? '')).body['active']).toBe(true);
    await operations.disable(id, OPERATOR);
    expect((await introspect(id, body['access_token'] ?? '')).body['active']).toBe(false);
  });

  it('accepts a client at once that was created or enabled after it was refused', async () => {
    const next = `service-${created + 1}`;
    expect(await statusOf(next)).toBe(401);
    const id = await aService();
    expect([id, await statusOf(id)]).toEqual([next, 200]);
    await operations.disable(id, OPERATOR);
    letCacheExpire();
    expect(await statusOf(id)).toBe(401);
    await operations.enable(id, OPERATOR);
    expect(await statusOf(id)).toBe(200);
  });

  it('accepts a new secret at once, and refuses a removed one within five seconds', async () => {
    const id = await aCachedService();
    const second = await operations.rotateSecret(id, OPERATOR);
    expect(await statusOf(id, second)).toBe(200);
    expect(await statusOf(id, 'first')).toBe(200);
    await operations.rotateSecret(id, OPERATOR);
    letCacheExpire();
    expect([await statusOf(id, 'first'), await statusOf(id, second)]).toEqual([401, 200]);
  });

  it('refuses a removed grant within five seconds (RFC 6749 §5.2)', async () => {
    const id = await aCachedService();
    const withoutGrant = { grantTypes: ['refresh_token'] };
    await operations.update(id, (current) => ({ ...current, ...withoutGrant }), OPERATOR);
    letCacheExpire();
    expect((await request(id)).body['error']).toBe('unauthorized_client');
  });

  it('keeps a cached client when callers name more unknown clients than the cache has places', async () => {
    const id = await aCachedService();
    const clients = auth.app.get(ClientRepository);
    const unknown = Array.from({ length: 1_100 }, (_, n) => `unknown-${n}`);
    await Promise.all(unknown.map((each) => clients.findRecentlyEnabled(each)));
    expect(clients.getRecentlyEnabled(id)?.id).toBe(id);
    expect(clients.getRecentlyEnabled('unknown-1')).toBeUndefined();
  });
});
