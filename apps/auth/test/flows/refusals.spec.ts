import { UnitOfWork } from '@gatehouse/persistence';
import { MAX_STORED_PER_MINUTE } from '../../src/platform/security-events/security-event.service.js';
import {
  aClient,
  anAccount,
  buildAuthorizationQuery,
  CALLBACK,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import { TICKETS, PHOTOS, TestAuth, toBasicAuthorization } from '../support/test-auth.js';

let auth: TestAuth;
let client: string;
let browser: TestBrowser;

beforeAll(async () => {
  auth = await TestAuth.start();
  const user = await anAccount(auth);
  client = await aClient(auth, { id: 'public-client' });
  await aClient(auth, { id: 'website', secret: 'the secret of the website' });
  browser = new TestBrowser(auth);
  await browser.signIn(user);
  await browser.grantConsent(user, client);
});
beforeEach(() => auth.app.get(UnitOfWork).execute('DELETE FROM security_event'));
afterAll(() => auth.stop());

/** The refusals that were stored, oldest first. */
const refusals = async (): Promise<unknown[]> => {
  const rows = await auth.app
    .get(UnitOfWork)
    .query<{ type: string; detail: string }>(
      `SELECT type, detail FROM security_event WHERE type LIKE '%.refused' ORDER BY at, id`,
    );
  return rows.map(({ type, detail }) => ({ type, ...JSON.parse(detail) }));
};
const AT_AUTHORIZE = { type: 'authorization.refused', endpoint: '/oauth/authorize' };
const AT_TOKEN = { type: 'token.refused', endpoint: '/oauth/token' };

describe('lists of words (RFC 6749 §3.3)', () => {
  it.each([
    ['blanks between the scopes', { scope: 'openid   photos:read' }],
    ['blanks around the scopes', { scope: '  openid photos:read ' }],
    ['blanks around the prompt', { prompt: ' none ' }],
    ['a blank after the response type', { response_type: 'code ' }],
    ['a repeated response type', { response_type: 'code code' }],
    ['a blank after the response mode', { response_mode: 'query ' }],
    ['a blank after max_age', { max_age: '86400 ' }],
    ['a blank after the method of PKCE', { code_challenge_method: 'S256 ' }],
    ['a blank after the client', { client_id: 'public-client ' }],
    ['an empty list of locales', { ui_locales: '  ' }],
    ['an unknown scope beside openid (OpenID Connect Core §3.1.2.1)', { scope: 'openid teams' }],
  ])('accepts %s', async (_, parameters) => {
    expect(readRedirectParameters(await browser.authorize(client, parameters))).toHaveProperty(
      'code',
    );
  });
});

describe('error_description (RFC 6749 §4.1.2.1)', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['state is longer than 4096 characters.', { state: 'x'.repeat(4097) }],
    ['nonce is longer than 4096 characters.', { nonce: 'x'.repeat(4097) }],
    ['nonce has control characters.', { nonce: 'a\tb' }],
    ['response_mode must be query or form_post.', { response_mode: 'fragment' }],
    ['prompt must be one of none, login, consent, select_account, create.', { prompt: 'signup' }],
    ['prompt none allows no other value.', { prompt: 'none login' }],
    ['max_age must be a whole number of seconds.', { max_age: 'soon' }],
    [
      'nonce has control characters; max_age must be a whole number of seconds.',
      { max_age: 'soon', nonce: '\n' },
    ],
    ['code_challenge is missing beside code_challenge_method.', { code_challenge: undefined }],
    [
      'code_challenge_method must be S256, and is plain.',
      { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' },
    ],
    ['response_type is missing.', { response_type: undefined }],
    ['Scope not granted to this client: photos:write', { scope: 'openid photos:write teams' }],
    ['Unknown scope: teams squads', { scope: 'teams photos:read squads' }],
    ['Unknown scope: openid,email (a space separates scopes)', { scope: 'openid,email' }],
    ['Unknown scope: openid+email (a space separates scopes)', { scope: 'openid+email' }],
    ['Unknown resource: https://other.example.', { resource: 'https://other.example' }],
    [
      `Scope of another resource than ${TICKETS}: photos:read.`,
      { scope: 'openid photos:read', resource: TICKETS },
    ],
    [`No word of the scope belongs to ${TICKETS}: openid.`, { scope: 'openid', resource: TICKETS }],
  ])('says "%s"', async (text, parameters) => {
    const answer = await browser.authorize(client, parameters);
    expect(readRedirectParameters(answer)['error_description']).toBe(text);
  });

  it('never repeats characters that RFC 6749 forbids', async () => {
    const answer = await browser.authorize(client, { resource: 'https://"x"\\ü.example' });
    const { error, error_description } = readRedirectParameters(answer);
    expect(error).toBe('invalid_target');
    expect(error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  });
});

describe('events of refused authorization requests', () => {
  it.each<[string, Record<string, string | undefined>, Record<string, string>]>([
    [
      'an unknown client',
      { client_id: 'no-such-client' },
      { check: 'client_id', clientId: 'no-such-client', presented: 'no-such-client' },
    ],
    [
      'a redirect URI that is not registered',
      { redirect_uri: `${CALLBACK}/` },
      { check: 'redirect_uri', presented: `${CALLBACK}/`, expected: CALLBACK },
    ],
    [
      'a scope of another client',
      { scope: 'openid photos:write' },
      {
        error: 'invalid_scope',
        check: 'Scope not granted to this client: photos:write',
        presented: 'photos:write',
        expected: 'openid profile email offline_access photos:read tickets:read',
      },
    ],
    [
      'another response type',
      { response_type: 'token' },
      { error: 'unsupported_response_type', presented: 'token' },
    ],
    [
      'no PKCE',
      { code_challenge: undefined, code_challenge_method: undefined },
      { check: expect.stringMatching(/^code_challenge is missing: send PKCE .* S256/) },
    ],
    ['no redirect URI', { redirect_uri: undefined }, { check: 'redirect_uri is missing' }],
    [
      'a resource without the scope',
      { scope: 'openid photos:read', resource: TICKETS },
      { error: 'invalid_target', presented: 'photos:read' },
    ],
  ])('names client, check and values of %s', async (_, parameters, event) => {
    await browser.authorize(client, parameters);
    const expected = { ...AT_AUTHORIZE, error: 'invalid_request', clientId: client, ...event };
    expect(await refusals()).toEqual([expect.objectContaining(expected)]);
  });

  it('names the redirect URI of a logout that is not registered', async () => {
    const bye = 'https://client.example/bye';
    const id = await aClient(auth, { postLogoutRedirectUris: [bye] });
    const query = new URLSearchParams({ client_id: id, post_logout_redirect_uri: `${bye}/` });
    await browser.open(`/oauth/logout?${query.toString()}`);
    expect(await refusals()).toEqual([
      {
        ...AT_AUTHORIZE,
        endpoint: '/oauth/logout',
        error: 'invalid_request',
        check: 'post_logout_redirect_uri',
        clientId: id,
        presented: `${bye}/`,
        expected: bye,
      },
    ]);
  });

  it.each<[string, string, Record<string, string>]>([
    ['no client', 'client_id', {}],
    ['an unknown client', 'client_id', { client_id: 'unknown' }],
  ])('names the check of a logout with %s that asks for a return', async (_, check, more) => {
    const presented = 'https://client.example/bye';
    const query = new URLSearchParams({ post_logout_redirect_uri: presented, ...more });
    await browser.open(`/oauth/logout?${query.toString()}`);
    expect(await refusals()).toEqual([
      expect.objectContaining({ ...AT_AUTHORIZE, endpoint: '/oauth/logout', check, presented }),
    ]);
  });

  it('names the hint of a logout that another client sends', async () => {
    const { body } = await auth.token({
      grant_type: 'authorization_code',
      client_id: client,
      code: await browser.obtainCode(client),
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
    const id_token_hint = body['id_token'] ?? '';
    const uri = 'https://client.example/bye';
    const sent = { id_token_hint, client_id: 'website', post_logout_redirect_uri: uri };
    await browser.open(`/oauth/logout?${new URLSearchParams(sent).toString()}`);
    const expected = { check: 'id_token_hint', clientId: 'website', presented: uri };
    expect(await refusals()).toEqual([expect.objectContaining(expected)]);
  });

  it('records a role that the user lacks, and a login to another account than the request names', async () => {
    const privileged = 'photos:read:any';
    const id = await aClient(auth, { scope: ['openid', privileged], firstParty: true });
    await browser.authorize(id, { scope: privileged });
    auth.clock.advance({ seconds: 1 });
    const own = new TestBrowser(auth);
    const claims = '{"id_token":{"sub":{"value":"acct_other"}}}';
    const page = await own.authorize(client, { claims });
    const email = 'another@gatehouse.example';
    await anAccount(auth, email);
    await own.submitPassword(page, email);
    expect(await refusals()).toEqual([
      {
        ...AT_AUTHORIZE,
        error: 'access_denied',
        clientId: id,
        check: 'role',
        presented: privileged,
      },
      { ...AT_AUTHORIZE, error: 'login_required', clientId: client, check: 'subject' },
    ]);
  });

  it('records nothing when the user has to log in, because that is no refusal', async () => {
    const answer = await new TestBrowser(auth).authorize(client, { prompt: 'none' });
    expect(readRedirectParameters(answer)['error']).toBe('login_required');
    expect(await refusals()).toEqual([]);
  });

  it('stores one line of bounded length without control characters', async () => {
    const redirect_uri = `https://evil.example/\r\n\u2028\u202e${'x'.repeat(5000)}`;
    await browser.authorize(client, { redirect_uri });
    const [event] = await refusals();
    const { presented } = Object(event);
    expect(presented).toMatch(/^https:\/\/evil\.example\/x+…$/);
    expect(presented).toHaveLength(201);
  });

  it('stores a bounded number a minute, so that a stranger cannot fill the table', async () => {
    auth.clock.advance({ seconds: 61 });
    const query = buildAuthorizationQuery('unknown');
    for (let n = 0; n < MAX_STORED_PER_MINUTE + 5; n += 1) {
      await auth.send(`/oauth/authorize?${query}`, {});
    }
    expect(await refusals()).toHaveLength(MAX_STORED_PER_MINUTE);
    auth.clock.advance({ seconds: 61 });
  });
});

describe('events of refused token requests', () => {
  const AS = 'website:the secret of the website';

  it.each<[string, Record<string, string>, Record<string, string>]>([
    [
      'an unknown grant type',
      { grant_type: 'password' },
      { error: 'unsupported_grant_type', presented: 'password' },
    ],
    [
      'a malformed verifier',
      { grant_type: 'authorization_code', code: 'x', code_verifier: 'short' },
      {
        error: 'invalid_request',
        check: 'The code_verifier must have 43 to 128 unreserved characters (RFC 7636).',
      },
    ],
    [
      'two ways of authentication',
      { grant_type: 'refresh_token', client_id: 'website', client_secret: 'x' },
      {
        error: 'invalid_request',
        check:
          'Use one way of client authentication only: the Authorization header or client_secret in the body.',
      },
    ],
    [
      'an unknown refresh token',
      { grant_type: 'refresh_token', refresh_token: 'unknown-token' },
      { error: 'invalid_grant', check: 'not made by this server' },
    ],
  ])('names client and check of %s', async (_, parameters, event) => {
    await auth.token(parameters, AS);
    const expected = { ...AT_TOKEN, clientId: 'website', ...event };
    expect(await refusals()).toEqual([expect.objectContaining(expected)]);
  });

  it.each<[string, Record<string, string>, string | undefined, Record<string, string>]>([
    ['an unknown client', {}, 'unknown:x', { reason: 'unknown_client', clientId: 'unknown' }],
    ['a wrong secret', {}, 'website:guess', { reason: 'wrong_secret', clientId: 'website' }],
    ['no credentials', {}, undefined, { reason: 'no_credentials' }],
    [
      'another method',
      { client_id: 'public-client', client_secret: 'x' },
      undefined,
      {
        reason: 'wrong_method',
        clientId: 'public-client',
        presented: 'client_secret_post',
        expected: 'none',
      },
    ],
  ])('names the client and the reason of %s', async (_, more, as, event) => {
    await auth.token({ grant_type: 'client_credentials', ...more }, as);
    const expected = { type: 'client.refused', endpoint: '/oauth/token', ...event };
    expect(await refusals()).toEqual([expect.objectContaining(expected)]);
  });

  it('records a body that the server does not read', async () => {
    await auth.send('/oauth/token', { method: 'POST', body: new FormData() });
    expect(await refusals()).toEqual([
      expect.objectContaining({ ...AT_TOKEN, error: 'invalid_request' }),
    ]);
  });

  it('writes the events to the log, with the same fields, at the level info', async () => {
    const own = await TestAuth.start({ LOG_LEVEL: 'info' });
    const id = await aClient(own);
    await new TestBrowser(own).authorize(id, { redirect_uri: `${CALLBACK}/` });
    await own.token({ grant_type: 'authorization_code', client_id: id, code: 'x' });
    const lines = own.log.map((text) => JSON.parse(text));
    const events = lines.filter(({ detail }) => /\.refused$/.test(detail?.type));
    expect(events.map(({ level, detail }) => ({ level, ...detail }))).toEqual([
      {
        level: 'info',
        ...AT_AUTHORIZE,
        error: 'invalid_request',
        check: 'redirect_uri',
        clientId: id,
        presented: `${CALLBACK}/`,
        expected: CALLBACK,
      },
      { level: 'info', ...AT_TOKEN, error: 'invalid_grant', check: 'unknown code', clientId: id },
    ]);
    await own.stop();
  });

  it('stores no secret, code, verifier or token', async () => {
    const secrets = {
      code: 'c'.repeat(43),
      code_verifier: 'v'.repeat(43),
      refresh_token: 'r'.repeat(60),
      client_secret: 's'.repeat(40),
      subject_token: 't'.repeat(60),
    };
    for (const grant_type of ['authorization_code', 'refresh_token', 'password']) {
      await auth.token({ grant_type, client_id: client, ...secrets, client_secret: '' });
      await auth.token({ grant_type, client_id: client, ...secrets });
      await auth.token({ grant_type, ...secrets, client_secret: '' }, AS);
    }
    const text = JSON.stringify(await refusals());
    expect(text).toContain('token.refused');
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret.slice(0, 20));
  });
});

describe('unknown and harmless input (RFC 6749 §3.2)', () => {
  const refresh = (query: string, more: Record<string, string> = {}) =>
    auth.send(`/oauth/token${query}`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', ...more }),
      headers: { authorization: toBasicAuthorization('website:the secret of the website') },
    });

  it.each(['?', '?api-version=1', '?x=1&y', '?%', '?tenant=a%20b&utm_source=x'])(
    'ignores the query "%s" of the token endpoint',
    async (query) => {
      expect((await refresh(query)).body['error']).toBe('invalid_grant');
    },
  );

  it.each(['client_secret', 'client_id', 'refresh_token', 'code', 'grant_type', 'scope'])(
    'refuses %s in the query, because servers log URLs (§2.3.1)',
    async (name) => {
      const { body } = await refresh(`?x=1&${name}=y`);
      expect(body).toEqual({
        error: 'invalid_request',
        error_description: `${name} belongs in the body.`,
      });
    },
  );

  it('ignores an unknown query at the other endpoints, and unknown parameters in bodies', async () => {
    const { access_token, refresh_token } = await auth.createLogin();
    const form = (token: string) => ({
      method: 'POST',
      body: new URLSearchParams({ token, client_id: client, token_type_hint: 'x'.repeat(300) }),
    });
    expect((await auth.send('/oauth/revoke?x=1', form('x'))).status).toBe(200);
    const introspected = await auth.send('/oauth/introspect?x=1', {
      method: 'POST',
      body: new URLSearchParams({ token: access_token, extra: '1' }),
      headers: { authorization: toBasicAuthorization('website:the secret of the website') },
    });
    expect(introspected.status).toBe(200);
    const refreshed = await auth.json('/auth/refresh?x=1', { refresh_token, extra: { a: 1 } });
    expect(refreshed.status).toBe(200);
  });

  it.each([
    ['blanks around the scope', { scope: '  openid   photos:read ' }],
    ['an empty scope', { scope: ' ' }],
    ['an unknown scope beside openid', { scope: 'openid photos:read teams' }],
    ['a blank after the resource', { resource: `${PHOTOS} ` }],
    ['a slash after the origin', { resource: `${PHOTOS}/` }],
    ['a blank after the grant type', { grant_type: 'refresh_token ' }],
  ])('accepts a refresh with %s', async (_, parameters) => {
    const code = await browser.obtainCode(client, { scope: 'openid offline_access photos:read' });
    const { body } = await auth.token({
      grant_type: 'authorization_code',
      client_id: client,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
    const refresh_token = body['refresh_token'] ?? '';
    const request = { grant_type: 'refresh_token', client_id: client, refresh_token };
    expect((await auth.token({ ...request, ...parameters })).status).toBe(200);
  });
});
