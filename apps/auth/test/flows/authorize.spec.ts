import { DataSource } from 'typeorm';
import type { Account } from '../../src/accounts/account.entity.js';
import {
  aClient,
  anAccount,
  buildAuthorizationQuery,
  CALLBACK,
  readRedirectParameters,
  TestBrowser,
} from '../support/test-browser.js';
import { TICKETS, ISSUER, PHOTOS, TestAuth, type TestResponse } from '../support/test-auth.js';

let auth: TestAuth;
let user: Account;
let client: string;
let browser: TestBrowser;

beforeAll(async () => {
  auth = await TestAuth.start();
  user = await anAccount(auth, 'user@gatehouse.example');
  client = await aClient(auth, { id: 'public-client' });
  browser = new TestBrowser(auth);
  await browser.signIn(user);
  await browser.grantConsent(user, client);
});
beforeEach(() => auth.clock.advance({ seconds: 1 }));
afterAll(() => auth.stop());

const codes = async () => {
  const [row] = await auth.app
    .get(DataSource)
    .query('SELECT count(*) AS n FROM authorization_code');
  return Number(row.n);
};

function expectError(answer: TestResponse, error: string): void {
  expect(answer.status).toBe(303);
  expect(answer.headers.get('location')).toMatch(/^https:\/\/client\.example\/callback\?/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  const { error_description, ...parameters } = readRedirectParameters(answer);
  expect(parameters).toEqual({ error, state: 'a-state', iss: ISSUER });
  // The characters that RFC 6749 §4.1.2.1 allows in a description.
  expect(error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
}

describe('authorization response (RFC 6749 §4.1.2)', () => {
  it('redirects with code, state and iss, without caching and without referrer', async () => {
    const answer = await browser.authorize(client);
    expect(answer.status).toBe(303);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(readRedirectParameters(answer)).toEqual({
      code: expect.stringMatching(/^[\w-]{43}$/),
      state: 'a-state',
      iss: ISSUER,
    });
  });

  it('issues a new code each time and stores only its hash', async () => {
    const issued = [await browser.obtainCode(client), await browser.obtainCode(client)];
    expect(new Set(issued).size).toBe(2);
    const rows = await auth.app.get(DataSource).query('SELECT * FROM authorization_code');
    for (const code of issued) expect(JSON.stringify(rows)).not.toContain(code);
  });

  it('issues a code without openid and ignores the nonce (RFC 6749 §4.1)', async () => {
    const answer = await browser.authorize(client, { scope: 'photos:read', nonce: 'a-nonce' });
    expect(readRedirectParameters(answer)).toHaveProperty('code');
  });

  it('returns no state if the request has none', async () => {
    const answer = await browser.authorize(client, { state: undefined });
    expect(Object.keys(readRedirectParameters(answer)).sort()).toEqual(['code', 'iss']);
  });

  it.each([
    ['with markup', '<script>alert(1)</script>&"\''],
    ['of 4,096 characters', 'x'.repeat(4096)],
    ['in any language, with line breaks', 'ünï %0d%0a +&='],
  ])('returns a state %s unchanged', async (_, state) => {
    expect(readRedirectParameters(await browser.authorize(client, { state }))).toMatchObject({
      state,
    });
  });

  it('keeps the query of the redirect URI (§3.1.2)', async () => {
    const redirect_uri = `${CALLBACK}?tenant=a%20b`;
    const id = await aClient(auth, { redirectUris: [redirect_uri] });
    await browser.grantConsent(user, id);
    const answer = await browser.authorize(id, { redirect_uri });
    expect(answer.headers.get('location')).toMatch(
      /^https:\/\/client\.example\/callback\?tenant=a%20b&code=/,
    );
  });

  it('accepts parameters and scopes in any order and ignores unknown parameters (§3.1)', async () => {
    const query = buildAuthorizationQuery(client, {
      scope: 'email openid profile',
      display: 'popup',
      claims_locales: 'de',
      extra: 'foobar',
      ticket: 'x',
      form_token: 'x',
    });
    const reversed = query.split('&').reverse().join('&');
    const answer = await browser.open(`/oauth/authorize?${reversed}&extra=twice&constructor=1`);
    expect(readRedirectParameters(answer)).toHaveProperty('code');
  });

  it('answers a POST of another site after a redirect that brings the cookie (OpenID Connect Core §3.1.2.1)', async () => {
    const fromAnotherSite = new TestBrowser(auth);
    const posted = await fromAnotherSite.open('/oauth/authorize', {
      method: 'POST',
      headers: { origin: 'https://client.example', 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams(buildAuthorizationQuery(client)),
    });
    expect(posted.status).toBe(303);
    expect(readRedirectParameters(await browser.follow(posted))).toHaveProperty('code');
  });
});

describe('error response (RFC 6749 §4.1.2.1)', () => {
  it.each<[string, string, Record<string, string | undefined>]>([
    ['no response_type', 'invalid_request', { response_type: undefined }],
    ['the response type token', 'unsupported_response_type', { response_type: 'token' }],
    ['the response type id_token', 'unsupported_response_type', { response_type: 'id_token' }],
    ['the response type code token', 'unsupported_response_type', { response_type: 'code token' }],
    ['an unknown response type', 'unsupported_response_type', { response_type: 'CODE' }],
    ['the response mode fragment', 'invalid_request', { response_mode: 'fragment' }],
    ['the response mode web_message', 'invalid_request', { response_mode: 'web_message' }],
    ['the response mode jwt', 'invalid_request', { response_mode: 'jwt' }],
    ['a scope of another client', 'invalid_scope', { scope: 'openid tickets:invoices:create' }],
    ['an unknown scope', 'invalid_scope', { scope: 'nonsense' }],
    ['a malformed scope', 'invalid_scope', { scope: 'openid  "profile"' }],
    ['a thousand scopes', 'invalid_request', { scope: 'openid '.repeat(1000) }],
    ['an unknown resource', 'invalid_target', { resource: 'https://evil.example' }],
    ['a resource that is not a URI', 'invalid_target', { resource: 'photos' }],
    ['a resource with a fragment (RFC 8707 §2)', 'invalid_target', { resource: `${PHOTOS}#x` }],
    [
      'a resource without a requested scope',
      'invalid_target',
      { scope: 'openid', resource: PHOTOS },
    ],
    ['an unknown prompt', 'invalid_request', { prompt: 'signup' }],
    ['prompt=none and another prompt', 'invalid_request', { prompt: 'none login' }],
    ['a negative max_age', 'invalid_request', { max_age: '-1' }],
    ['a max_age that is not a number', 'invalid_request', { max_age: '1e3' }],
    ['claims that are not JSON', 'invalid_request', { claims: '{' }],
    ['claims that are not an object', 'invalid_request', { claims: '[]' }],
    ['a sub of the wrong type', 'invalid_request', { claims: '{"id_token":{"sub":{"value":1}}}' }],
    ['claims of many characters', 'invalid_request', { claims: `{"x":"${'x'.repeat(3000)}"}` }],
    ['a nonce with a NUL', 'invalid_request', { nonce: 'a\0b' }],
    ['a nonce that is too long', 'invalid_request', { nonce: 'n'.repeat(4097) }],
    [
      'parameters that are too long in total',
      'invalid_request',
      {
        nonce: 'n'.repeat(4096),
        login_hint: 'l'.repeat(400),
        claims: `{${' '.repeat(1900)}}`,
        scope: `openid${' openid'.repeat(250)}`,
      },
    ],
    ['a request object', 'request_not_supported', { request: 'eyJhbGciOiJub25lIn0.e30.' }],
    ['a request URI', 'request_uri_not_supported', { request_uri: 'http://169.254.169.254/' }],
    ['a registration', 'registration_not_supported', { registration: '{}' }],
    [
      'an acr that the server does not support',
      'unmet_authentication_requirements',
      { claims: '{"id_token":{"acr":{"essential":true,"values":["phr"]}}}' },
    ],
  ])('rejects a request with %s: %s', async (_, error, parameters) => {
    const before = await codes();
    expectError(await browser.authorize(client, parameters), error);
    expect(await codes()).toBe(before);
  });

  it.each([
    'response_type',
    'scope',
    'nonce',
    'code_challenge',
    'prompt',
    'response_mode',
    'claims',
  ])('rejects a repeated %s (§3.1)', async (name) => {
    const value = new URLSearchParams(buildAuthorizationQuery(client)).get(name) ?? 'x';
    const query = `${buildAuthorizationQuery(client, { [name]: value })}&${name}=${value}`;
    expectError(await browser.open(`/oauth/authorize?${query}`), 'invalid_request');
  });

  it('rejects a state of 10,000 characters and returns it', async () => {
    const state = 'x'.repeat(10_000);
    const answer = await browser.authorize(client, { state });
    expect(readRedirectParameters(answer)).toMatchObject({ error: 'invalid_request', state });
  });

  it('rejects a repeated state and returns none', async () => {
    const answer = await browser.open(
      `/oauth/authorize?${buildAuthorizationQuery(client)}&state=b`,
    );
    expect(readRedirectParameters(answer)).toMatchObject({ error: 'invalid_request', iss: ISSUER });
    expect(readRedirectParameters(answer)).not.toHaveProperty('state');
  });

  it('ignores parameter names with brackets', async () => {
    const answer = await browser.open(
      `/oauth/authorize?${buildAuthorizationQuery(client, { response_type: undefined })}&response_type[$ne]=x&response_type[]=code`,
    );
    expectError(answer, 'invalid_request');
  });

  it('rejects a client that is not registered for the code flow', async () => {
    const id = await aClient(auth, { grantTypes: ['refresh_token'] });
    expectError(await browser.authorize(id), 'unauthorized_client');
  });

  it('redirects with the error for a POST as well', async () => {
    const answer = await browser.open('/oauth/authorize', {
      method: 'POST',
      body: new URLSearchParams(buildAuthorizationQuery(client, { response_type: 'token' })),
    });
    expectError(answer, 'unsupported_response_type');
  });

  it('answers a body that is not a form with an error page', async () => {
    const headers = { 'content-type': 'application/json' };
    for (const body of ['null', '[]', '"x"', '1', '{}', '{"client_id":["x"]}']) {
      const { status, text } = await browser.open('/oauth/authorize', {
        method: 'POST',
        body,
        headers,
      });
      expect([body, status, text.includes('<h1>')]).toEqual([body, 400, true]);
    }
  });

  it('redirects with a response for every hostile parameter value', async () => {
    const nasty = [
      '\0',
      '\r\n',
      '\ud83d',
      '{"__proto__":{"a":1}}',
      '[]',
      '%',
      '__proto__',
      '🔑'.repeat(50),
    ];
    const names = [
      'state',
      'scope',
      'nonce',
      'claims',
      'prompt',
      'max_age',
      'resource',
      'login_hint',
      'id_token_hint',
      'acr_values',
      'ui_locales',
      'code_challenge',
      'response_type',
      'response_mode',
    ];
    for (const name of names) {
      for (const value of nasty) {
        const answer = await browser.open(
          `/oauth/authorize?${buildAuthorizationQuery(client, { [name]: value })}`,
        );
        expect([name, value, answer.status]).toEqual([name, value, 303]);
      }
    }
  });
});

describe('form_post response (Form Post Response Mode §2)', () => {
  it('sends a form that submits itself and allows no other script', async () => {
    const state = '"><script>alert(1)</script>';
    const answer = await browser.authorize(client, { response_mode: 'form_post', state });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(answer.text).toContain(`<form method="post" action="${CALLBACK}">`);
    expect(answer.text).toMatch(/name="code" value="[\w-]{43}"/);
    expect(answer.text).toContain(
      'name="state" value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"',
    );
    expect(answer.text).toContain(`name="iss" value="${ISSUER}"`);
    expect(answer.text.match(/<script>/g)).toHaveLength(1);
  });

  it('sends errors in the form as well', async () => {
    const answer = await browser.authorize(client, { response_mode: 'form_post', max_age: 'x' });
    expect(answer.text).toContain('name="error" value="invalid_request"');
  });
});

describe('resource servers of a code (RFC 8707 §2.1)', () => {
  const resourcesOf = async (more: Record<string, string>, and = '') => {
    const answer = await browser.open(
      `/oauth/authorize?${buildAuthorizationQuery(client, more)}${and}`,
    );
    expect(readRedirectParameters(answer)).toHaveProperty('code');
    const [row] = await auth.app
      .get(DataSource)
      .query('SELECT scope, resource FROM authorization_code ORDER BY expires_at DESC LIMIT 1');
    return row;
  };

  it('grants every resource server of the scope if the request names none', async () => {
    expect(await resourcesOf({ scope: 'openid photos:read tickets:read' })).toEqual({
      scope: 'openid photos:read tickets:read',
      resource: `${PHOTOS} ${TICKETS} ${ISSUER}`,
    });
  });

  it('grants the named resource servers; userinfo follows from the scope', async () => {
    const one = { scope: 'openid photos:read', resource: PHOTOS };
    expect(await resourcesOf(one)).toEqual(one);
    const two = { scope: 'openid photos:read tickets:read', resource: PHOTOS };
    expect(await resourcesOf(two, `&resource=${TICKETS}`)).toMatchObject({
      resource: `${PHOTOS} ${TICKETS}`,
    });
    // The client libraries of Auth0 call it the audience.
    const named = { scope: 'openid photos:read', audience: PHOTOS };
    expect(await resourcesOf(named)).toEqual(one);
  });

  it.each([
    ['a slash at the end of the origin', `${PHOTOS}/`],
    ['a blank at the end', `${PHOTOS} `],
    ['capital letters in scheme and host', PHOTOS.toUpperCase()],
  ])(
    'grants the resource server for its identifier with %s (RFC 3986 §6.2)',
    async (_, resource) => {
      expect(await resourcesOf({ scope: 'photos:read', resource })).toEqual({
        scope: 'photos:read',
        resource: PHOTOS,
      });
    },
  );
});
