import { RequireScopes } from '@gatehouse/guards';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { readResponse } from '@gatehouse/service-kit/testing';
import { Controller, Get } from '@nestjs/common';
import type { Account } from '../../src/accounts/account.entity.js';
import { TOKEN_EXCHANGE } from '../../src/clients/client.entity.js';
import { startPhotos } from '../support/guarded-service.js';
import {
  aClient,
  anAccount,
  type AuthorizationParameters,
  CALLBACK,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import {
  TICKETS,
  decodeClaims,
  ISSUER,
  PHOTOS,
  TestAuth,
  toBasicAuthorization,
  toDatabaseSettings,
} from '../support/test-auth.js';

/** What client libraries request by default to sign a user in and to call an API: no `resource`. */
const SCOPE = 'openid profile email offline_access photos:read';
const EXCHANGE = {
  grant_type: TOKEN_EXCHANGE,
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
};

@Controller('photos')
class PhotosController {
  @Get()
  @RequireScopes('photos:read')
  list() {
    return [];
  }
}

eachDatabase('tokens of a sign-in that also asks for an API', (fresh) => {
  let auth: TestAuth;
  let user: Account;
  let client: string;
  beforeAll(async () => {
    auth = await TestAuth.start(toDatabaseSettings(await fresh()));
    user = await anAccount(auth, 'ada@gatehouse.example');
    client = await aClient(auth);
    await auth.registerClient({
      id: 'photos-service',
      secret: 'secret',
      grantTypes: [TOKEN_EXCHANGE],
      scope: ['openid', 'profile', 'photos:read', 'tickets:read'],
      resourceServer: PHOTOS,
      exchangeTargets: [TICKETS],
    });
  });
  afterAll(() => auth.stop());

  async function signIn(
    id = client,
    more: AuthorizationParameters = {},
    atToken: Record<string, string> = {},
  ) {
    const browser = new TestBrowser(auth);
    await browser.signIn(user);
    await browser.grantConsent(user, id);
    const code = await browser.obtainCode(id, { scope: SCOPE, ...more });
    const { status, body } = await auth.token({
      grant_type: 'authorization_code',
      client_id: id,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...atToken,
    });
    expect([status, body['error_description']]).toEqual([200, undefined]);
    return body;
  }
  const refresh = async (refresh_token = '', more: Record<string, string> = {}) =>
    (await auth.token({ grant_type: 'refresh_token', client_id: client, refresh_token, ...more }))
      .body;
  const at = (path: string, token = '', init: RequestInit = {}) =>
    auth.send(path, { ...init, headers: { authorization: `Bearer ${token}` } });
  const userInfo = async (token = '') => {
    const { status, text } = await at('/userinfo', token);
    return status === 200 ? JSON.parse(text) : status;
  };
  const audienceOf = (token = '') => {
    const { aud, scope } = decodeClaims(token);
    return { aud, scope };
  };
  const BOTH = { aud: [PHOTOS, ISSUER], scope: SCOPE };

  it('issues one token for the API and for userinfo, with the whole scope (OpenID Connect Core §5.3)', async () => {
    const { access_token, scope } = await signIn();
    expect([audienceOf(access_token), scope]).toEqual([BOTH, SCOPE]);
    expect(await userInfo(access_token)).toMatchObject({ sub: user.id, email: user.email });
  });

  it('issues it for a request without scope too, which asks for the scope of the client (RFC 6749 §3.3)', async () => {
    const { access_token, refresh_token, id_token } = await signIn(client, { scope: undefined });
    expect(audienceOf(access_token)).toEqual(BOTH);
    expect(await userInfo(access_token)).toMatchObject({ email: user.email });
    expect(decodeClaims(id_token)).toMatchObject({ sub: user.id, email: user.email });
    expect(await refresh(refresh_token)).toHaveProperty('id_token');
    const id = await aClient(auth, { scope: ['photos:read'] });
    expect(await signIn(id, { scope: undefined })).not.toHaveProperty('id_token');
  });

  it('accepts the token in a resource server that uses the guards (RFC 9068 §4)', async () => {
    const photos = await startPhotos(auth, PhotosController);
    const { access_token } = await signIn();
    const send = async (token = '') =>
      readResponse(
        await fetch(`${await photos.getUrl()}/photos`, {
          headers: { authorization: `Bearer ${token}` },
        }),
      );
    expect((await send(access_token)).status).toBe(200);
    const { access_token: other } = await signIn(client, { scope: 'openid tickets:read' });
    expect((await send(other)).status).toBe(401);
    await photos.close();
  });

  it('keeps audience and scope at a refresh', async () => {
    const first = await signIn();
    const second = await refresh(first['refresh_token']);
    expect([audienceOf(second['access_token']), second['scope']]).toEqual([BOTH, SCOPE]);
    const third = await refresh(second['refresh_token'], { scope: SCOPE });
    expect(audienceOf(third['access_token'])).toEqual(BOTH);
    expect(await userInfo(third['access_token'])).toMatchObject({ email: user.email });
  });

  it('issues a token for one resource server if the client names it', async () => {
    const named = await signIn(client, { resource: PHOTOS });
    const one = { aud: PHOTOS, scope: 'photos:read' };
    expect(audienceOf(named['access_token'])).toEqual(one);
    expect(await userInfo(named['access_token'])).toBe(401);
    const again = await refresh(named['refresh_token']);
    expect(audienceOf(again['access_token'])).toEqual(one);
    const forUserInfo = await refresh(again['refresh_token'], { resource: ISSUER });
    expect(await userInfo(forUserInfo['access_token'])).toMatchObject({ email: user.email });

    const atToken = await signIn(client, {}, { resource: `${PHOTOS}/` });
    expect(audienceOf(atToken['access_token'])).toEqual(one);
  });

  it.each([
    ['a slash at the end', `${PHOTOS}/`],
    ['capital letters', PHOTOS.toUpperCase()],
  ])(
    'issues tokens for the registered identifier to a client that sends the origin with %s (RFC 3986 §6.2.3)',
    async (_, resource) => {
      const expected = { aud: PHOTOS, scope: 'photos:read' };
      const { access_token, refresh_token } = await signIn(client, { resource }, { resource });
      expect(audienceOf(access_token)).toEqual(expected);
      const refreshed = await refresh(refresh_token, { resource });
      expect(audienceOf(refreshed['access_token'])).toEqual(expected);
    },
  );

  it.each<[string, string, object]>([
    ['without openid', 'profile photos:read', { aud: PHOTOS, scope: 'photos:read' }],
    ['without an API', 'openid profile', { aud: ISSUER, scope: 'openid profile' }],
    [
      'for two APIs',
      'openid photos:read tickets:read',
      { aud: [PHOTOS, ISSUER], scope: 'openid photos:read' },
    ],
  ])('issues a token for a sign-in %s', async (_, scope, expected) => {
    expect(audienceOf((await signIn(client, { scope }))['access_token'])).toEqual(expected);
  });

  it.each<[string, string, object]>([
    ['the API', 'photos:read', { aud: PHOTOS, scope: 'photos:read' }],
    ['userinfo', 'openid', { aud: ISSUER, scope: 'openid' }],
    ['both', 'photos:read openid', { aud: [PHOTOS, ISSUER], scope: 'openid photos:read' }],
  ])(
    'narrows the token of a refresh to %s by its scope (RFC 6749 §6)',
    async (_, scope, expected) => {
      const { refresh_token } = await signIn();
      expect(audienceOf((await refresh(refresh_token, { scope }))['access_token'])).toEqual(
        expected,
      );
    },
  );

  it('never opens the account API with the token of a sign-in', async () => {
    const scope = ['openid', 'photos:read', 'sessions:read', 'sessions:end', 'account:password'];
    const id = await aClient(auth, { scope, firstParty: true });
    const { access_token } = await signIn(id, { scope: scope.join(' ') });
    expect(audienceOf(access_token)).toEqual({
      aud: [PHOTOS, ISSUER],
      scope: 'openid photos:read',
    });
    expect((await at('/auth/sessions', access_token)).status).toBe(403);
    expect((await at('/auth/sessions', access_token, { method: 'DELETE' })).status).toBe(403);
    expect((await at('/auth/password', access_token, { method: 'POST' })).status).toBe(403);
  });

  it('issues separate tokens to a client that is registered so', async () => {
    const id = await aClient(auth, { separateTokens: true });
    const { access_token, scope } = await signIn(id);
    expect([audienceOf(access_token), scope]).toEqual([
      { aud: PHOTOS, scope: 'photos:read' },
      'photos:read',
    ]);
    expect(await userInfo(access_token)).toBe(401);
  });

  it('lets the API introspect and exchange the token, for no more than the API’s own targets', async () => {
    const { access_token: subject_token = '' } = await signIn(client, {
      scope: `${SCOPE} tickets:read`,
    });
    const asPhotos = { authorization: toBasicAuthorization('photos-service:secret') };
    const introspected = await auth.send('/oauth/introspect', {
      method: 'POST',
      body: new URLSearchParams({ token: subject_token }),
      headers: asPhotos,
    });
    expect(JSON.parse(introspected.text)).toMatchObject({ active: true, aud: [PHOTOS, ISSUER] });
    const exchange = (more: Record<string, string> = {}) =>
      auth.token({ ...EXCHANGE, subject_token, ...more }, 'photos-service:secret');
    const { body } = await exchange();
    expect(audienceOf(body['access_token'])).toEqual({ aud: TICKETS, scope: 'tickets:read' });
    for (const more of [{ resource: ISSUER }, { scope: 'openid' }, { resource: PHOTOS }]) {
      expect((await exchange(more)).status).toBe(400);
    }
  });

  it('ends the token at userinfo when the client revokes it (RFC 7009)', async () => {
    const { access_token = '' } = await signIn();
    const body = new URLSearchParams({ token: access_token, client_id: client });
    expect((await auth.send('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
    expect(await userInfo(access_token)).toBe(401);
  });
});
