import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { AccountRoleRepository } from '../../src/accounts/account-role.repository.js';
import type { Account } from '../../src/accounts/account.entity.js';
import { ConsentService } from '../../src/sessions/consent.service.js';
import {
  AccountOperationsService,
  RoleOperationsService,
} from '../../src/sessions/account-operations.service.js';
import { StatusSnapshotService } from '../../src/tokens/status-lists/status-snapshot.service.js';
import {
  aClient,
  anAccount,
  CALLBACK,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import {
  TICKETS,
  decodeClaims,
  PHOTOS,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const PRIVILEGED = 'photos:read:any tickets:refund tickets:invoices:create';
const EVERYTHING = `openid offline_access photos:read tickets:read ${PRIVILEGED}`;

const ACCOUNTS = { 'no role': [], support: ['support'], accounting: ['accounting'] } as const;
type AccountKind = keyof typeof ACCOUNTS;

const listedScopes = ({ text }: TestResponse) =>
  [...(/<ul class="scopes">(.*?)<\/ul>/s.exec(text)?.[1] ?? '').matchAll(/<li>([^<]*)<\/li>/g)].map(
    ([, sentence]) => sentence,
  );
/** What a client learns: the granted scope, or the error. */
const outcomeOf = ({ body }: TestResponse): string | undefined => body['scope'] ?? body['error'];

eachDatabase('privileged scopes and the roles of accounts', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  let accounts: Record<AccountKind, Account>;
  beforeAll(async () => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      SERVER_SECRET: 'x'.repeat(32),
      FIRST_PARTY_SCOPE: `photos:read tickets:read ${PRIVILEGED}`,
    };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
    const entries = await Promise.all(
      Object.entries(ACCOUNTS).map(async ([kind, roles]) => [kind, await withRoles(...roles)]),
    );
    accounts = Object.fromEntries(entries) as Record<AccountKind, Account>;
    const service = { secret: 'secret', scope: EVERYTHING.split(' ') };
    await auth.registerClient({ ...service, id: 'worker', grantTypes: ['client_credentials'] });
    await auth.registerClient({
      ...service,
      id: 'photos-service',
      grantTypes: [EXCHANGE],
      resourceServer: PHOTOS,
      exchangeTargets: [TICKETS],
    });
    await aClient(auth, { id: 'console', scope: EVERYTHING.split(' ') });
    await aClient(auth, { id: 'shop', scope: ['openid', 'offline_access', 'photos:read'] });
    await aClient(auth, { id: 'own-console', scope: EVERYTHING.split(' '), firstParty: true });
  });
  afterAll(() => Promise.all([auth.stop(), replica.stop()]));

  const operations = (server = auth) => server.app.get(RoleOperationsService);
  async function withRoles(...roles: string[]): Promise<Account> {
    const account = await anAccount(auth);
    for (const role of roles) await operations().grant(account.id, role, 'operator');
    return account;
  }
  const signedIn = async (account: Account) => {
    const browser = new TestBrowser(auth);
    await browser.signIn(account);
    return browser;
  };
  /** Requests a code, and allows what the consent page lists. */
  const authorize = async (account: Account, client: string, scope: string) => {
    const browser = await signedIn(account);
    const page = await browser.authorize(client, { scope, prompt: 'consent' });
    if (page.status !== 200) return readRedirectParameters(page);
    return readRedirectParameters(
      await browser.follow(await browser.submit(page, { decision: 'allow' })),
    );
  };
  const redeem = (client: string, code = '', more: Record<string, string> = {}) =>
    auth.token({
      grant_type: 'authorization_code',
      client_id: client,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...more,
    });
  const refresh = (client: string, token = '', more: Record<string, string> = {}) =>
    auth.token({ grant_type: 'refresh_token', client_id: client, refresh_token: token, ...more });
  const exchange = (subject_token = '', scope?: string) =>
    auth.token(
      {
        grant_type: EXCHANGE,
        subject_token,
        subject_token_type: ACCESS_TOKEN,
        resource: TICKETS,
        ...(scope !== undefined && { scope }),
      },
      'photos-service:secret',
    );
  const sign = async (account: Account, scope: string, client = 'console') => {
    const { code } = await authorize(account, client, `openid offline_access ${scope}`);
    return (await redeem(client, code)).body;
  };

  describe('which scope each grant carries, by role', () => {
    const grants = {
      /** The scope of the tokens for both resource servers. */
      'authorization code': async (account: Account, scope: string, client = 'console') => {
        const { code, error } = await authorize(account, client, scope);
        return code === undefined ? error : outcomeOf(await redeem(client, code));
      },
      'authorization code of a first-party client': (account: Account, scope: string) =>
        grants['authorization code'](account, scope, 'own-console'),
      refresh: async (account: Account, scope: string) => {
        const { refresh_token } = await sign(account, `photos:read ${scope}`);
        return outcomeOf(await refresh('console', refresh_token, { resource: PHOTOS }));
      },
      'token exchange': async (account: Account, scope: string) => {
        const { access_token } = await sign(account, `photos:read ${scope}`);
        return outcomeOf(await exchange(access_token));
      },
      'first-party login': async ({ email }: Account, scope: string) =>
        outcomeOf(await auth.login(email, { scope })),
      'client credentials': async (_: Account, scope: string) =>
        outcomeOf(await auth.token({ grant_type: 'client_credentials', scope }, 'worker:secret')),
    };

    it.each<[AccountKind, keyof typeof grants, string, string]>([
      ['no role', 'authorization code', 'photos:read photos:read:any', 'photos:read'],
      [
        'support',
        'authorization code',
        'photos:read photos:read:any',
        'photos:read photos:read:any',
      ],
      ['accounting', 'authorization code', 'photos:read photos:read:any', 'photos:read'],
      ['no role', 'authorization code', 'photos:read:any', 'access_denied'],
      ['accounting', 'authorization code', 'tickets:refund', 'tickets:refund'],
      ['support', 'authorization code', 'tickets:refund', 'access_denied'],
      ['support', 'authorization code', 'tickets:invoices:create', 'access_denied'],
      ['support', 'authorization code', 'tickets:read tickets:invoices:create', 'tickets:read'],
      ['no role', 'authorization code of a first-party client', 'photos:read:any', 'access_denied'],
      [
        'support',
        'authorization code of a first-party client',
        'photos:read:any',
        'photos:read:any',
      ],
      ['no role', 'refresh', 'photos:read:any', 'photos:read'],
      ['support', 'refresh', 'photos:read:any', 'photos:read photos:read:any'],
      ['accounting', 'refresh', 'photos:read:any', 'photos:read'],
      ['no role', 'token exchange', 'tickets:read tickets:refund', 'tickets:read'],
      [
        'accounting',
        'token exchange',
        'tickets:read tickets:refund',
        'tickets:read tickets:refund',
      ],
      ['support', 'token exchange', 'tickets:read tickets:refund', 'tickets:read'],
      ['accounting', 'token exchange', 'tickets:read tickets:invoices:create', 'tickets:read'],
      ['no role', 'first-party login', 'photos:read photos:read:any', 'photos:read'],
      [
        'support',
        'first-party login',
        'photos:read photos:read:any',
        'photos:read photos:read:any',
      ],
      ['no role', 'first-party login', 'photos:read:any', 'invalid_scope'],
      ['support', 'first-party login', 'tickets:invoices:create', 'invalid_scope'],
      ['no role', 'client credentials', 'photos:read:any', 'photos:read:any'],
      ['no role', 'client credentials', 'tickets:invoices:create', 'tickets:invoices:create'],
    ])(
      'limits an account with %s, by the grant "%s" of "%s", to "%s"',
      async (kind, grant, scope, expected) => {
        expect(await grants[grant](accounts[kind], scope)).toBe(expected);
      },
    );
  });

  it('never shows a privileged scope to a user without the role, on the consent page', async () => {
    const request = { scope: 'openid photos:read photos:read:any' };
    const stranger = await signedIn(await withRoles());
    expect(listedScopes(await stranger.authorize('console', request))).toEqual([
      'Confirm your identity',
      'photos:read',
    ]);
    const staff = await signedIn(await withRoles('support'));
    expect(listedScopes(await staff.authorize('console', request))).toContain('photos:read:any');
  });

  it('lists no scope of the previous account when another user logs in at the consent page', async () => {
    const staff = await withRoles('support');
    const stranger = await withRoles();
    const browser = await signedIn(staff);
    const page = await browser.authorize('console', { scope: 'openid photos:read:any' });
    await browser.signIn(stranger);
    const ticket = /name="ticket" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
    const again = await browser.visit(`/consent?ticket=${ticket}`);
    expect(listedScopes(again)).toEqual(['Confirm your identity']);
    const { code } = readRedirectParameters(
      await browser.follow(await browser.submit(again, { decision: 'allow' })),
    );
    expect(outcomeOf(await redeem('console', code))).toBe('openid');
    const hasConsent = (scope: string) =>
      auth.app
        .get(ConsentService)
        .hasConsent(stranger.id, { id: 'console', firstParty: false }, [scope]);
    expect([await hasConsent('openid'), await hasConsent('photos:read:any')]).toEqual([
      true,
      false,
    ]);
  });

  it('ignores a remembered consent to a privileged scope when the user has lost the role', async () => {
    const account = await withRoles('support');
    await sign(account, 'photos:read:any');
    await operations().revoke(account.id, 'support', 'operator');
    const browser = await signedIn(account);
    const alone = { scope: 'photos:read:any', prompt: 'none' };
    expect(readRedirectParameters(await browser.authorize('console', alone))).toMatchObject({
      error: 'access_denied',
      error_description: 'No role of this account allows the scope: photos:read:any.',
    });
    const mixed = { scope: 'openid photos:read:any', prompt: 'none' };
    const { code } = readRedirectParameters(await browser.authorize('console', mixed));
    expect(outcomeOf(await redeem('console', code))).toBe('openid');
  });

  it('narrows a code whose user lost the role before the exchange (RFC 6749 §3.3)', async () => {
    const account = await withRoles('support');
    const { code } = await authorize(account, 'console', 'photos:read photos:read:any');
    await operations().revoke(account.id, 'support', 'operator');
    expect(outcomeOf(await redeem('console', code))).toBe('photos:read');
  });

  it('rejects a code whose user lost the only role of its scope, and names the scope', async () => {
    const account = await withRoles('support');
    const { code } = await authorize(account, 'console', 'photos:read:any');
    await operations().revoke(account.id, 'support', 'operator');
    expect(await redeem('console', code)).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope', error_description: expect.stringMatching(/photos:read:any/) },
    });
  });

  it('gives a session no scope of a role that the account got after the login', async () => {
    const account = await withRoles();
    const { refresh_token } = await sign(account, 'photos:read photos:read:any');
    await operations().grant(account.id, 'support', 'operator');
    const answer = await refresh('console', refresh_token, { resource: PHOTOS });
    expect(outcomeOf(answer)).toBe('photos:read');
    const wider = { scope: 'photos:read:any' };
    expect(outcomeOf(await refresh('console', answer.body['refresh_token'], wider))).toBe(
      'invalid_scope',
    );
  });

  it('refreshes with the scope of the sign-in, of which roles left out a part (RFC 6749 §3.3)', async () => {
    const account = await withRoles();
    const scope = 'photos:read photos:read:any tickets:refund';
    const { refresh_token } = await sign(account, scope);
    const first = await refresh('console', refresh_token, { scope });
    expect(outcomeOf(first)).toBe('photos:read');
    // A role that the account got since widens nothing, and ends no session.
    await operations().grant(account.id, 'support', 'operator');
    const second = await refresh('console', first.body['refresh_token'], { scope });
    expect(outcomeOf(second)).toBe('photos:read');
  });

  it('refreshes a session without a scope that the configuration made privileged since', async () => {
    const account = await withRoles();
    const { refresh_token } = await sign(account, 'photos:read');
    const stricter = await TestAuth.start({
      DATA_DIR: auth.config.DATA_DIR,
      ...(auth.config.DATABASE_URL !== undefined && { DATABASE_URL: auth.config.DATABASE_URL }),
      SERVER_SECRET: 'x'.repeat(32),
      RESOURCE_SERVERS: `${PHOTOS} photos:read@support`,
    });
    const parameters = { client_id: 'console', refresh_token: refresh_token ?? '' };
    const answer = await stricter.token({ grant_type: 'refresh_token', ...parameters });
    expect(outcomeOf(answer)).toBe('openid offline_access');
    const { body: own } = await auth.login(account.email, { scope: 'photos:read' });
    expect(await stricter.refresh(own['refresh_token'] ?? '')).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope', error_description: expect.stringMatching(/photos:read\./) },
    });
    // The refused request left the refresh token valid.
    await operations(stricter).grant(account.id, 'support', 'operator');
    expect(outcomeOf(await stricter.refresh(own['refresh_token'] ?? ''))).toBe('photos:read');
    await stricter.stop();
  });

  describe('the revocation of a role', () => {
    const indexOf = (token: string | undefined) => {
      const { status } = decodeClaims(token) as { status?: { status_list: { idx: number } } };
      return status?.status_list.idx ?? -1;
    };
    /** Whether the published status list reports the token as invalid. */
    const isListed = async (token: string | undefined) => {
      auth.clock.advance({ seconds: 2 });
      const snapshot = await auth.app.get(StatusSnapshotService).getSnapshot();
      const index = indexOf(token);
      return ((snapshot.getBytes(1)[index >> 3] ?? 0) >> (index & 7)) % 2 === 1;
    };

    it('ends the sessions that need the revoked role, and keeps the others', async () => {
      const account = await withRoles('support');
      const privileged = await sign(account, 'photos:read photos:read:any');
      const ordinary = await sign(account, 'photos:read', 'shop');
      const { body: own } = await auth.login(account.email);
      expect(await operations().revoke(account.id, 'support', 'operator')).toBe(2);
      expect(outcomeOf(await refresh('console', privileged['refresh_token']))).toBe(
        'invalid_grant',
      );
      expect(outcomeOf(await auth.refresh(own['refresh_token'] ?? ''))).toBe('invalid_grant');
      expect((await refresh('shop', ordinary['refresh_token'])).status).toBe(200);
      expect(await isListed(privileged['access_token'])).toBe(true);
      expect(await isListed(ordinary['access_token'])).toBe(false);
    });

    it('puts access tokens without a refresh token on the status list, also exchanged ones', async () => {
      const account = await withRoles('accounting');
      const scope = 'photos:read tickets:refund';
      const { code } = await authorize(account, 'console', scope);
      const { body } = await redeem('console', code);
      const exchanged = await exchange(body['access_token'], 'tickets:refund');
      expect(exchanged.body).toMatchObject({ scope: 'tickets:refund' });
      expect(body['refresh_token']).toBeUndefined();
      await operations().revoke(account.id, 'accounting', 'operator');
      expect(await isListed(body['access_token'])).toBe(true);
      expect(await isListed(exchanged.body['access_token'])).toBe(true);
      expect(outcomeOf(await exchange(body['access_token']))).toBe('invalid_request');
    });

    it('keeps a session whose scope another role of the account allows', async () => {
      const account = await withRoles('support', 'accounting');
      const { refresh_token } = await sign(account, 'photos:read:any');
      expect(await operations().revoke(account.id, 'accounting', 'operator')).toBe(0);
      expect((await refresh('console', refresh_token)).status).toBe(200);
    });

    it('revokes a role once, also for concurrent calls on two replicas', async () => {
      const account = await withRoles('support');
      await sign(account, 'photos:read:any');
      const ended = await Promise.all(
        [auth, replica].map((server) =>
          operations(server).revoke(account.id, 'support', 'operator'),
        ),
      );
      expect(ended.filter((count) => count !== undefined)).toEqual([1]);
    });

    it('leaves no privileged session behind, when logins and refreshes run at the same time', async () => {
      for (let round = 0; round < 5; round += 1) {
        const account = await withRoles('support');
        const before = await sign(account, 'photos:read:any');
        const { code } = await authorize(account, 'console', 'offline_access photos:read:any');
        await Promise.all([
          redeem('console', code),
          refresh('console', before['refresh_token']),
          auth.login(account.email),
          replica.login(account.email),
          operations(replica).revoke(account.id, 'support', 'operator'),
        ]);
        const rows = await auth.app
          .get(UnitOfWork)
          .query(
            `SELECT id FROM refresh_token_family WHERE account_id = $1 AND ended_at IS NULL AND scope LIKE '%:any%'`,
            [account.id],
          );
        expect(rows).toEqual([]);
      }
    });

    it('records who granted and revoked the role, and why the sessions ended', async () => {
      const account = await withRoles('support');
      await sign(account, 'photos:read:any');
      await operations().revoke(account.id, 'support', 'operator');
      const rows = await auth.app
        .get(UnitOfWork)
        .query<{ type: string; detail: string }>(
          `SELECT type, detail FROM security_event WHERE account_id = $1 AND type IN ('role.granted', 'role.revoked', 'family.ended')`,
          [account.id],
        );
      const events = rows.map(({ type, detail }) => ({ type, ...JSON.parse(detail) }));
      expect(events).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'role.granted', role: 'support', by: 'operator' }),
          expect.objectContaining({ type: 'role.revoked', role: 'support', by: 'operator' }),
          expect.objectContaining({ type: 'family.ended', reason: 'role_revoked' }),
        ]),
      );
      expect(events).toHaveLength(3);
    });
  });

  it('grants a role once, also for concurrent calls on two replicas', async () => {
    const account = await anAccount(auth);
    const granted = await Promise.all(
      [auth, replica].map((server) => operations(server).grant(account.id, 'support', 'operator')),
    );
    expect(granted.sort()).toEqual([false, true]);
    expect(await auth.app.get(AccountRoleRepository).findRoles(account.id)).toEqual(['support']);
  });

  it('ends the privileged sessions of an account that is disabled', async () => {
    const account = await withRoles('support');
    const { refresh_token } = await sign(account, 'photos:read:any');
    await auth.app.get(AccountOperationsService).disable(account.id, 'operator');
    expect(outcomeOf(await refresh('console', refresh_token))).toBe('invalid_grant');
  });
});
