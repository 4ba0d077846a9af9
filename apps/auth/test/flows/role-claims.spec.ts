import { RequireClaim, RequireScopes } from '@gatehouse/guards';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { Controller, Get } from '@nestjs/common';
import { AccountRoleRepository } from '../../src/accounts/account-role.repository.js';
import type { Account } from '../../src/accounts/account.entity.js';
import { TOKEN_EXCHANGE } from '../../src/clients/client.entity.js';
import {
  RoleOperationsService,
  TooManyRoles,
} from '../../src/sessions/account-operations.service.js';
import { ConsentService } from '../../src/sessions/consent.service.js';
import { SessionService } from '../../src/sessions/session.service.js';
import { startPhotos } from '../support/guarded-service.js';
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
  toBasicAuthorization,
  toDatabaseSettings,
} from '../support/test-auth.js';

const APIS = ['photos:read', 'tickets:read'];
const ALL = ['openid', 'email', 'offline_access', 'roles', 'groups', ...APIS];
const EXCHANGE = {
  grant_type: TOKEN_EXCHANGE,
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
};
const BOTH_ROLES = ['accounting', 'support'];

type Tokens = Readonly<Record<string, string | undefined>>;

interface SignInOptions {
  /** The client. */
  readonly id?: string;
  readonly account?: Account;
  readonly claims?: string;
  readonly resource?: string;
}

/** The claims about roles, and nothing else. */
const roleClaimsOf = (claims: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => /^(roles|groups)$/.test(name)));
const inToken = (token: string | undefined) => roleClaimsOf(decodeClaims(token));

@Controller('refunds')
class RefundsController {
  @Get()
  @RequireScopes('photos:read')
  @RequireClaim('roles', (roles) => Array.isArray(roles) && roles.includes('support'))
  list() {
    return [];
  }
}

eachDatabase('claims roles and groups (RFC 9068 §2.2.3.1)', (fresh) => {
  let auth: TestAuth;
  let staff: Account;
  let client: string;
  beforeAll(async () => {
    auth = await TestAuth.start({
      ...toDatabaseSettings(await fresh()),
      FIRST_PARTY_SCOPE: 'photos:read roles',
    });
    staff = await anAccount(auth, 'staff@gatehouse.example');
    for (const role of BOTH_ROLES) await operations().grant(staff.id, role, 'operator');
    client = await aClient(auth, { scope: ALL });
    const service = { secret: 'secret', resourceServer: PHOTOS, exchangeTargets: [TICKETS] };
    const grantTypes = [TOKEN_EXCHANGE, 'client_credentials'];
    await auth.registerClient({ ...service, id: 'photos-service', grantTypes, scope: ALL });
    await auth.registerClient({ ...service, id: 'no-roles-service', grantTypes, scope: APIS });
  });
  afterAll(() => auth.stop());

  const operations = () => auth.app.get(RoleOperationsService);
  async function obtainCode(
    scope: string,
    { id = client, account = staff, ...more }: SignInOptions = {},
  ): Promise<string> {
    const browser = new TestBrowser(auth);
    await browser.signIn(account);
    await auth.app.get(ConsentService).grant(account.id, id, ALL);
    return browser.obtainCode(id, { scope, ...more });
  }
  const redeem = (id: string, code: string) =>
    auth.token({
      grant_type: 'authorization_code',
      client_id: id,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
  async function signIn(scope: string, options: SignInOptions = {}): Promise<Tokens> {
    const code = await obtainCode(scope, options);
    const { status, body } = await redeem(options.id ?? client, code);
    expect([status, body['error_description']]).toEqual([200, undefined]);
    return body;
  }
  const refresh = (tokens: Tokens, more: Record<string, string> = {}) =>
    auth.token({
      grant_type: 'refresh_token',
      client_id: client,
      refresh_token: tokens['refresh_token'] ?? '',
      ...more,
    });
  const userInfo = async ({ access_token = '' }: Tokens) => {
    const headers = { authorization: `Bearer ${access_token}` };
    const { status, text } = await auth.send('/userinfo', { headers });
    expect(status).toBe(200);
    return roleClaimsOf(JSON.parse(text));
  };
  const exchange = async (tokens: Tokens, more: object = {}, as = 'photos-service') => {
    const subject_token = tokens['access_token'] ?? '';
    return (await auth.token({ ...EXCHANGE, subject_token, ...more }, `${as}:secret`)).body;
  };

  it.each<[string, object]>([
    ['openid photos:read roles', { roles: BOTH_ROLES }],
    ['openid photos:read groups', { groups: BOTH_ROLES }],
    ['openid roles groups', { roles: BOTH_ROLES, groups: BOTH_ROLES }],
    ['openid email offline_access photos:read', {}],
  ])(
    'gives access token, ID token and userinfo of "%s" the claims of these scopes',
    async (scope, expected) => {
      const tokens = await signIn(scope);
      expect(inToken(tokens['access_token'])).toEqual(expected);
      expect(inToken(tokens['id_token'])).toEqual(expected);
      expect(await userInfo(tokens)).toEqual(expected);
    },
  );

  it('gives an account without roles an empty list, so that a consumer can tell it from a scope that is missing', async () => {
    const tokens = await signIn('openid roles', { account: await anAccount(auth) });
    expect(inToken(tokens['access_token'])).toEqual({ roles: [] });
    expect(inToken(tokens['id_token'])).toEqual({ roles: [] });
    expect(await userInfo(tokens)).toEqual({ roles: [] });
  });

  it('puts the claim into the token for one API too, whose scope lists the API’s own words only', async () => {
    const named = await signIn('openid offline_access photos:read roles', { resource: PHOTOS });
    expect(decodeClaims(named['access_token'])).toMatchObject({
      aud: PHOTOS,
      scope: 'photos:read',
      roles: BOTH_ROLES,
    });
    const separate = await aClient(auth, { scope: ALL, separateTokens: true });
    const tokens = await signIn('openid photos:read groups', { id: separate });
    expect(decodeClaims(tokens['access_token'])).toMatchObject({
      aud: PHOTOS,
      groups: BOTH_ROLES,
    });
    const plain = await signIn('photos:read roles');
    expect(decodeClaims(plain['access_token'])).toMatchObject({ aud: PHOTOS, roles: BOTH_ROLES });
  });

  it('omits the claims of user scopes from ID tokens of a client that is registered for lean ones', async () => {
    const lean = await aClient(auth, { scope: ALL, leanIdTokens: true });
    const tokens = await signIn('openid roles', { id: lean });
    expect(inToken(tokens['id_token'])).toEqual({});
    expect(await userInfo(tokens)).toEqual({ roles: BOTH_ROLES });
  });

  it('gives each place the claims that the claims parameter names for it (OpenID Connect Core §5.5)', async () => {
    const claims = JSON.stringify({
      id_token: { groups: { essential: true } },
      userinfo: { roles: null },
    });
    const tokens = await signIn('openid photos:read', { claims });
    expect(inToken(tokens['id_token'])).toEqual({ groups: BOTH_ROLES });
    expect(await userInfo(tokens)).toEqual({ roles: BOTH_ROLES });
    expect(inToken(tokens['access_token'])).toEqual({});

    const narrow = await aClient(auth, { scope: ['openid', 'roles', 'photos:read'] });
    const limited = await signIn('openid photos:read', { id: narrow, claims });
    expect(inToken(limited['id_token'])).toEqual({});
  });

  it('asks the user for consent to roles and to groups', async () => {
    const browser = new TestBrowser(auth);
    await browser.signIn(await anAccount(auth));
    const page = await browser.authorize(client, { scope: 'openid roles groups' });
    expect(page.text).toContain('<li>See which roles you have</li>');
    expect(page.text).toContain('<li>See which groups you belong to</li>');
    const claims = '{"id_token":{"roles":null}}';
    const named = await browser.authorize(client, { scope: 'openid', claims });
    expect(named.text).toContain('See which roles you have');
  });

  it('refuses the scopes to a client that is not registered for them, and to a client without a user', async () => {
    const browser = new TestBrowser(auth);
    await browser.signIn(staff);
    const other = await aClient(auth);
    expect(
      readRedirectParameters(await browser.authorize(other, { scope: 'openid groups' })),
    ).toMatchObject({
      error: 'invalid_scope',
      error_description: 'Scope not granted to this client: groups',
    });
    const own = { grant_type: 'client_credentials', scope: 'photos:read roles' };
    expect((await auth.token(own, 'photos-service:secret')).body['error']).toBe('invalid_scope');
    const all = await auth.token({ grant_type: 'client_credentials' }, 'photos-service:secret');
    expect(inToken(all.body['access_token'])).toEqual({});
  });

  it('gives the first-party login the claims of its scope', async () => {
    const all = await auth.login(staff.email);
    expect(inToken(all.body['access_token'])).toEqual({ roles: BOTH_ROLES });
    const narrow = await auth.login(staff.email, { scope: 'photos:read' });
    expect(inToken(narrow.body['access_token'])).toEqual({});
    const refreshed = await auth.refresh(all.body['refresh_token'] ?? '');
    expect(inToken(refreshed.body['access_token'])).toEqual({ roles: BOTH_ROLES });
  });

  it('bounds the roles of an account, also for two grants at the same time, so that tokens stay small', async () => {
    const account = await anAccount(auth);
    const { id } = account;
    const toRole = (n: number) => `${'x'.repeat(60)}-${100 + n}`;
    for (let n = 0; n < 13; n += 1) await operations().grant(id, toRole(n), 'operator');
    const results = await Promise.allSettled(
      [13, 14].map((n) => operations().grant(id, toRole(n), 'operator')),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results).toContainEqual({ status: 'rejected', reason: expect.any(TooManyRoles) });
    expect(await auth.app.get(AccountRoleRepository).findRoles(id)).toHaveLength(14);

    // An ID token with both claims is still accepted as `id_token_hint`, also with an RSA signature.
    const { id_token = '' } = await signIn('openid email roles groups', { account });
    expect(id_token.length).toBeLessThan(3_700);
  });

  it('lists the scopes and claims in the metadata (OpenID Connect Discovery §3)', async () => {
    const metadata = JSON.parse((await auth.send('/.well-known/openid-configuration', {})).text);
    expect(metadata.scopes_supported).toEqual(expect.arrayContaining(['roles', 'groups']));
    expect(metadata.claims_supported).toEqual(expect.arrayContaining(['roles', 'groups']));
  });

  it('lets @RequireClaim of the guards require a role in the list', async () => {
    const photos = await startPhotos(auth, RefundsController);
    const url = await photos.getUrl();
    const statusFor = async ({ access_token }: Tokens) => {
      const headers = { authorization: `Bearer ${access_token}` };
      return (await fetch(`${url}/refunds`, { headers })).status;
    };
    expect(await statusFor(await signIn('openid photos:read roles'))).toBe(200);
    expect(await statusFor(await signIn('openid photos:read'))).toBe(403);
    const account = await anAccount(auth);
    expect(await statusFor(await signIn('openid photos:read roles', { account }))).toBe(403);
    await photos.close();
  });

  describe('a refresh (RFC 6749 §6)', () => {
    const SCOPE = 'openid offline_access photos:read roles';

    it('reads the roles again, so that a new role reaches the client', async () => {
      const account = await anAccount(auth);
      const first = await signIn(SCOPE, { account });
      expect(inToken(first['access_token'])).toEqual({ roles: [] });
      await operations().grant(account.id, 'support', 'operator');
      const { body } = await refresh(first);
      expect(inToken(body['access_token'])).toEqual({ roles: ['support'] });
      expect(inToken(body['id_token'])).toEqual({ roles: ['support'] });
      expect(await userInfo(body)).toEqual({ roles: ['support'] });
    });

    it('issues an access token without the roles if the client narrows its scope', async () => {
      const first = await signIn(SCOPE);
      const { body: narrow } = await refresh(first, { scope: 'openid photos:read' });
      expect(inToken(narrow['access_token'])).toEqual({});
      expect(await userInfo(narrow)).toEqual({});
      const { body: api } = await refresh(narrow, { resource: PHOTOS });
      expect(inToken(api['access_token'])).toEqual({ roles: BOTH_ROLES });
    });
  });

  describe('the revocation of a role', () => {
    const SCOPE = 'openid offline_access roles';
    const byClaims = '{"userinfo":{"groups":null}}';

    it.each<[string, string, string | undefined, number]>([
      ['ends a session with the scope roles', 'openid offline_access roles', undefined, 1],
      ['ends a session with the scope groups', 'openid offline_access groups', undefined, 1],
      ['ends a session with a claim of roles (§5.5)', 'openid offline_access', byClaims, 1],
      ['keeps a session without the roles', 'openid offline_access photos:read', undefined, 0],
    ])('%s', async (_, scope, claims, ended) => {
      const account = await anAccount(auth);
      await operations().grant(account.id, 'support', 'operator');
      const tokens = await signIn(scope, { account, ...(claims !== undefined && { claims }) });
      expect(await operations().revoke(account.id, 'support', 'operator')).toBe(ended);
      expect((await refresh(tokens)).status).toBe(ended === 1 ? 400 : 200);
    });

    it('leaves no token with the role in an active session, when codes and refresh tokens are redeemed at the same time', async () => {
      const account = await anAccount(auth);
      for (let round = 0; round < 3; round += 1) {
        await operations().grant(account.id, 'support', 'operator');
        const sessions = [await signIn(SCOPE, { account }), await signIn(SCOPE, { account })];
        const codes = [await obtainCode(SCOPE, { account }), await obtainCode(SCOPE, { account })];
        const attempts = [
          ...codes.map((code) => redeem(client, code)),
          ...sessions.map((tokens) => refresh(tokens)),
        ];
        // The first answer still has the role, and the other requests overlap the revocation.
        await Promise.race(attempts);
        await operations().revoke(account.id, 'support', 'operator');
        const answers = await Promise.all(attempts);
        const issued = answers.filter(({ status }) => status === 200);
        for (const { body } of issued) {
          const { sid, roles } = decodeClaims(body['access_token']);
          const isActive = await auth.app.get(SessionService).isActive(account.id, String(sid));
          expect([isActive, roles]).not.toEqual([true, ['support']]);
        }
      }
    });
  });

  describe('a token exchange (RFC 8693)', () => {
    const SCOPE = 'openid offline_access photos:read tickets:read roles';

    it('keeps the roles of the subject token for the next API', async () => {
      const { access_token } = await exchange(await signIn(SCOPE));
      expect(decodeClaims(access_token)).toMatchObject({
        aud: TICKETS,
        scope: 'tickets:read',
        roles: BOTH_ROLES,
      });
      const asked = await exchange(await signIn(SCOPE), { scope: 'tickets:read' });
      expect(inToken(asked['access_token'])).toEqual({});
    });

    it('adds no roles that the subject token lacks, and none for a service that is not registered for them', async () => {
      const tokens = await signIn(SCOPE);
      const other = await exchange(tokens, {}, 'no-roles-service');
      expect(inToken(other['access_token'])).toEqual({});
      for (const narrow of [{ scope: 'openid photos:read' }, { scope: 'photos:read' }]) {
        const { body } = await refresh(await signIn(SCOPE), { resource: PHOTOS, ...narrow });
        const { access_token } = await exchange(body);
        expect(decodeClaims(access_token)['aud']).toBe(TICKETS);
        expect(inToken(access_token)).toEqual({});
        expect((await exchange(body, { scope: 'tickets:read roles' }))['error']).toBe(
          'invalid_scope',
        );
      }
    });
  });

  it('returns the roles of the token at introspection (RFC 7662 §2.2)', async () => {
    const { access_token: token = '' } = await signIn('openid photos:read roles');
    const { text } = await auth.send('/oauth/introspect', {
      method: 'POST',
      body: new URLSearchParams({ token }),
      headers: { authorization: toBasicAuthorization('photos-service:secret') },
    });
    expect(roleClaimsOf(JSON.parse(text))).toEqual({ roles: BOTH_ROLES });
  });
});
