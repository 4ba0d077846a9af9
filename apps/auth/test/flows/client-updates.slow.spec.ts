import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import {
  completeRegistration,
  type CompleteRegistration,
} from '../../src/clients/client-registration.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { hashClientSecret } from '../../src/clients/registered-credentials.js';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { StatusSnapshotService } from '../../src/tokens/status-lists/status-snapshot.service.js';
import { aSession } from '../support/factories.js';
import { aClient, anAccount, CALLBACK, TestBrowser, VERIFIER } from '../support/test-browser.js';
import {
  TICKETS,
  decodeClaims,
  PHOTOS,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const SECRET = 'a secret of the test';
let count = 0;

eachDatabase('a changed client registration', (fresh) => {
  let auth: TestAuth;
  let operations: ClientOperationsService;
  beforeAll(async () => {
    auth = await TestAuth.start(toDatabaseSettings(await fresh()));
    operations = auth.app.get(ClientOperationsService);
  });
  afterAll(() => auth.stop());

  const change = (id: string, changes: Partial<CompleteRegistration>) =>
    operations.update(id, (current) => ({ ...current, ...changes }), 'operator');
  const find = (id: string) => auth.app.get(ClientRepository).find(id);
  const refresh = (client_id: string, refresh_token: string, more: Record<string, string> = {}) =>
    auth.token({ grant_type: 'refresh_token', client_id, refresh_token, ...more });
  const scopesOf = ({ body }: TestResponse) => (body['scope'] ?? '').split(' ').sort();
  const eventsOf = async (id: string) => {
    const rows = await auth.app
      .get(UnitOfWork)
      .query<{ type: string }>(
        `SELECT type FROM security_event WHERE type LIKE 'client.%' AND detail LIKE $1`,
        [`%"${id}"%`],
      );
    return rows.map(({ type }) => type).sort();
  };

  const aService = async (more: Partial<CompleteRegistration> = {}) => {
    const id = `updated-${(count += 1)}`;
    const service = completeRegistration({
      id,
      authMethod: 'client_secret_basic',
      secretHashes: [hashClientSecret(SECRET)],
      grantTypes: ['client_credentials'],
      scope: ['photos:read', 'photos:write'],
      ...more,
    });
    await operations.create(service, 'operator');
    return id;
  };
  const ownToken = async (id: string) => {
    const { body } = await auth.token({ grant_type: 'client_credentials' }, `${id}:${SECRET}`);
    return body['access_token'] ?? '';
  };
  const isRevoked = async (token: string) => {
    auth.clock.advance({ seconds: 2 });
    const { status } = decodeClaims(token) as {
      status: { status_list: { idx: number; uri: string } };
    };
    const { idx, uri } = status.status_list;
    const snapshot = await auth.app.get(StatusSnapshotService).getSnapshot();
    const bytes = snapshot.getBytes(Number(uri.split('/').at(-1)));
    return ((bytes[idx >> 3] ?? 0) & (1 << (idx & 7))) > 0;
  };

  it('keeps what two concurrent updates change', async () => {
    const id = await aService();
    await Promise.all([
      change(id, { name: 'Renamed' }),
      change(id, { accessTokenTtl: 60 }),
      change(id, { allowedOrigins: [], subjectType: 'pairwise' }),
    ]);
    expect(await find(id)).toMatchObject({
      name: 'Renamed',
      accessTokenTtl: 60,
      subjectType: 'pairwise',
      scope: ['photos:read', 'photos:write'],
      secretHashes: [hashClientSecret(SECRET)],
    });
    expect(await eventsOf(id)).toEqual(['client.created', ...Array(3).fill('client.updated')]);
  });

  it('changes nothing and records no event when the values are the same', async () => {
    const id = await aService();
    const before = await find(id);
    expect(await change(id, { scope: ['photos:read', 'photos:write'] })).toMatchObject({
      changes: [],
    });
    expect([await find(id), await eventsOf(id)]).toEqual([before, ['client.created']]);
  });

  it('leaves a removed scope out of the next refresh, also when the client requests it', async () => {
    const id = await aClient(auth);
    const scope = ['openid', 'email', 'photos:read', 'tickets:read'];
    const token = await aSession(auth, id, { scope, resources: [PHOTOS, TICKETS] });
    await change(id, { scope: ['openid', 'photos:read'] });

    const asked = { scope: 'openid email photos:read tickets:read' };
    const answer = await refresh(id, token, asked);
    expect([answer.status, scopesOf(answer)]).toEqual([200, ['photos:read']]);
    expect(decodeClaims(answer.body['id_token'])['email']).toBeUndefined();
    const next = answer.body['refresh_token'] ?? '';
    expect((await refresh(id, next, { resource: TICKETS })).body).toMatchObject({
      error: 'invalid_target',
    });

    await change(id, { scope: ['photos:write'] });
    expect((await refresh(id, next)).body).toMatchObject({ error: 'invalid_grant' });
    await change(id, { scope: ['openid', 'photos:read', 'tickets:read'] });
    expect(scopesOf(await refresh(id, next, { resource: TICKETS }))).toEqual(['tickets:read']);
  });

  it('issues no ID token after the scope openid was removed', async () => {
    const id = await aClient(auth);
    const token = await aSession(auth, id, { scope: ['openid', 'photos:read'] });
    await change(id, { scope: ['photos:read'] });
    const { status, body } = await refresh(id, token);
    expect([status, body['id_token']]).toEqual([200, undefined]);
  });

  it('leaves a removed scope out of a token exchange of another client', async () => {
    const id = await aClient(auth);
    const exchanger = await aService({
      grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      scope: ['tickets:read'],
      resourceServer: PHOTOS,
      exchangeTargets: [TICKETS],
    });
    const token = await aSession(auth, id, {
      scope: ['photos:read', 'tickets:read'],
      resources: [PHOTOS, TICKETS],
    });
    const { body } = await refresh(id, token);
    const exchange = () =>
      auth.token(
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          subject_token: body['access_token'] ?? '',
        },
        `${exchanger}:${SECRET}`,
      );
    expect(scopesOf(await exchange())).toEqual(['tickets:read']);
    await change(id, { scope: ['photos:read'] });
    expect((await exchange()).status).toBe(400);
  });

  it('rejects a refresh after the grant was removed (RFC 6749 §5.2)', async () => {
    const id = await aClient(auth);
    const token = await aSession(auth, id);
    await change(id, { grantTypes: ['authorization_code'] });
    expect((await refresh(id, token)).body).toMatchObject({ error: 'unauthorized_client' });
  });

  it('rejects codes of a removed redirect URI, and narrows codes by a removed scope', async () => {
    const id = await aClient(auth);
    const account = await anAccount(auth);
    const browser = new TestBrowser(auth);
    await browser.signIn(account);
    await browser.grantConsent(account, id);
    const exchange = (code: string) =>
      auth.token({
        ...{ grant_type: 'authorization_code', client_id: id, code },
        ...{ redirect_uri: CALLBACK, code_verifier: VERIFIER },
      });

    const asked = { scope: 'openid offline_access photos:read tickets:read' };
    const narrowed = await browser.obtainCode(id, asked);
    await change(id, { scope: ['openid', 'photos:read'] });
    const answer = await exchange(narrowed);
    expect([answer.status, answer.body['scope']]).toEqual([200, 'openid photos:read']);
    expect((await browser.authorize(id, asked)).headers.get('location')).toContain('invalid_scope');

    const code = await browser.obtainCode(id, { scope: 'openid photos:read' });
    await change(id, { redirectUris: ['https://client.example/new'] });
    expect((await exchange(code)).body).toEqual({
      error: 'invalid_grant',
      error_description: 'redirect_uri is not registered any more.',
    });
    expect((await browser.authorize(id)).status).toBe(400);

    // Without offline_access, the session of the client ends with the session of the browser.
    const renewed = await refresh(id, answer.body['refresh_token'] ?? '');
    expect(renewed.status).toBe(200);
    await browser.submit(await browser.open('/oauth/logout'));
    const late = await refresh(id, renewed.body['refresh_token'] ?? '');
    expect(late.body).toMatchObject({ error: 'invalid_grant' });
  });

  it('revokes the client’s own tokens when it may do less, and not when it may do more', async () => {
    const id = await aService();
    const first = await ownToken(id);
    await change(id, { scope: ['photos:read', 'photos:write', 'tickets:read'] });
    expect(await isRevoked(first)).toBe(false);
    await change(id, { scope: ['photos:read'] });
    const second = await ownToken(id);
    expect([await isRevoked(first), await isRevoked(second)]).toEqual([true, false]);
    await change(id, { grantTypes: ['refresh_token'] });
    expect([await isRevoked(first), await isRevoked(second)]).toEqual([true, true]);
  });

  it('gives a status list index to a client that gets the grant client_credentials', async () => {
    const id = await aService({ grantTypes: ['refresh_token'] });
    await change(id, { grantTypes: ['client_credentials'] });
    expect(await isRevoked(await ownToken(id))).toBe(false);
  });

  it('creates a secret once for a public client that becomes confidential, and drops it for the way back', async () => {
    const id = await aClient(auth);
    const updates = await Promise.all([
      change(id, { authMethod: 'client_secret_basic' }),
      change(id, { authMethod: 'client_secret_basic' }),
    ]);
    const secrets = updates.flatMap((update) => update?.secret ?? []);
    expect(secrets).toHaveLength(1);
    expect((await find(id))?.secretHashes).toEqual([hashClientSecret(secrets[0] ?? '')]);
    expect(await change(id, { authMethod: 'client_secret_post' })).not.toHaveProperty('secret');
    expect((await find(id))?.secretHashes).toHaveLength(1);
    await change(id, { authMethod: 'none' });
    expect((await find(id))?.secretHashes).toEqual([]);
  });

  it('enables a disabled client once, with its secret, and keeps its sessions and tokens revoked', async () => {
    const id = await aService({ grantTypes: ['client_credentials', 'refresh_token'] });
    const session = await aSession(auth, id);
    const before = await ownToken(id);
    for (let n = 0; n < 2; n += 1) {
      await operations.disable(id, 'operator');
      expect(await isRevoked(before)).toBe(true);
      const enabled = await Promise.all([
        operations.enable(id, 'operator'),
        operations.enable(id, 'operator'),
      ]);
      expect(enabled.sort()).toEqual([false, true]);
      expect(await isRevoked(before)).toBe(true);
      expect(await isRevoked(await ownToken(id))).toBe(false);
    }
    const ended = { grant_type: 'refresh_token', refresh_token: session };
    expect((await auth.token(ended, `${id}:${SECRET}`)).body).toMatchObject({
      error: 'invalid_grant',
    });
    expect(await operations.enable('unknown-client', 'operator')).toBe(false);
    expect(await eventsOf(id)).toEqual([
      'client.created',
      ...['client.disabled', 'client.disabled', 'client.enabled', 'client.enabled'],
    ]);
  });

  const aDocument = (id: string, more: Partial<CompleteRegistration> = {}) =>
    completeRegistration({
      ...{ id, authMethod: 'client_secret_basic', secretHashes: [] },
      ...{ grantTypes: ['client_credentials'], scope: ['photos:read'], ...more },
    });

  it('applies a list of clients twice at once: each is created once, with one secret', async () => {
    const ids = ['b', 'a', 'c'].map((letter) => `applied-${(count += 1)}-${letter}`);
    const list = ids.map((id) => aDocument(id));
    const results = await Promise.all([
      operations.apply(list, 'operator'),
      operations.apply([...list].reverse(), 'operator'),
    ]);
    const updates = results.flat();
    expect(updates.filter(({ isNew }) => isNew)).toHaveLength(3);
    expect(updates.flatMap(({ secret }) => secret ?? [])).toHaveLength(3);
    for (const id of ids) expect(await eventsOf(id)).toEqual(['client.created']);
    const again = await operations.apply(list, 'operator');
    expect(again.map(({ isNew, changes }) => [isNew, changes])).toEqual(ids.map(() => [false, []]));
  });

  it('applies all clients of a list or none', async () => {
    const id = `applied-${(count += 1)}`;
    const list = [aDocument(id), aDocument('gatehouse-first-party')];
    await expect(operations.apply(list, 'operator')).rejects.toThrow('part of this server');
    expect(await find(id)).toBeUndefined();
  });
});
