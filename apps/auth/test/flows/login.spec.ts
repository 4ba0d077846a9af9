import { createRemoteJWKSet, jwtVerify } from 'jose';
import {
  TICKETS,
  decodeClaims,
  decodeHeader,
  PHOTOS,
  PASSWORD,
  TestAuth,
  type TestResponse,
} from '../support/test-auth.js';

describe('registration', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
  });
  afterAll(() => auth.stop());

  it('creates an account and ignores the case of the e-mail', async () => {
    const answer = await auth.json('/auth/register', {
      email: 'Ada@Example.org',
      password: PASSWORD,
    });
    expect(answer.status).toBe(201);
    const verification: unknown = expect.stringMatching(/^[\w-]{22}$/);
    expect(answer.body).toEqual({ email: 'ada@example.org', verification });
    expect((await auth.login('ADA@example.org')).status).toBe(200);
  });

  it('does not reveal that an e-mail has an account, and does not change the account (ASVS 6.3.8)', async () => {
    const first = await auth.json('/auth/register', { email: 'b@example.org', password: PASSWORD });
    const again = await auth.json('/auth/register', {
      email: 'b@example.org',
      password: 'other word',
    });
    const publicPartOf = ({ status, text }: TestResponse) => [
      status,
      text.replace(/"verification":"[\w-]{22}"/, ''),
    ];
    expect(publicPartOf(again)).toEqual(publicPartOf(first));
    expect((await auth.login('b@example.org')).status).toBe(200);
    expect((await auth.login('b@example.org', { password: 'other word' })).status).toBe(400);
  });

  it('creates one account for two simultaneous registrations', async () => {
    const passwords = ['first password', 'second password'];
    await Promise.all(passwords.map((password) => auth.register('c@example.org', password)));
    const logins = await Promise.all(
      passwords.map((password) => auth.login('c@example.org', { password })),
    );
    expect(logins.map(({ status }) => status).sort()).toEqual([200, 400]);
  });
});

describe('first-party login', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
    await auth.register('ada@example.org');
  });
  afterAll(() => auth.stop());

  it('returns a token response that caches must not store (RFC 6749 §5.1)', async () => {
    const { status, headers, body } = await auth.login('ada@example.org');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'photos:read photos:write',
      refresh_token: expect.any(String),
    });
  });

  it('issues an access token for photos by default (RFC 9068 §2)', async () => {
    const { body } = await auth.login('ada@example.org');
    expect(decodeHeader(body['access_token'])).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: expect.any(String),
    });
    const now = auth.clock.now() / 1000;
    expect(decodeClaims(body['access_token'])).toEqual({
      iss: 'http://localhost:3000',
      sub: expect.stringMatching(/^acct_[\w-]{22}$/),
      aud: PHOTOS,
      client_id: 'gatehouse-first-party',
      iat: now,
      exp: now + 300,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      scope: 'photos:read photos:write',
      sid: expect.stringMatching(/^[\w-]{22}$/),
      auth_time: now,
      status: {
        status_list: { idx: expect.any(Number), uri: 'http://localhost:3000/oauth/status-lists/1' },
      },
    });
  });

  it('signs an access token that jose verifies', async () => {
    const { body } = await auth.login('ada@example.org');
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', auth.url));
    const verified = await jwtVerify(body['access_token'] ?? '', keys, {
      issuer: 'http://localhost:3000',
      audience: PHOTOS,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      currentDate: new Date(auth.clock.now()),
    });
    expect(verified.payload['scope']).toBe('photos:read photos:write');
  });

  it('issues a token for one resource server with the scope of that server (RFC 8707 §2)', async () => {
    const { body } = await auth.login('ada@example.org', { resource: TICKETS });
    expect(decodeClaims(body['access_token'])).toMatchObject({ aud: TICKETS });
    expect(body['scope']).toBe('tickets:read tickets:pay');
  });

  it('narrows the scope on request and returns the granted scope (RFC 6749 §3.3)', async () => {
    const { body } = await auth.login('ada@example.org', { scope: 'tickets:read' });
    expect(body['scope']).toBe('tickets:read');
    expect(decodeClaims(body['access_token'])).toMatchObject({
      aud: TICKETS,
      scope: 'tickets:read',
    });
  });

  it('ignores blanks in the scope, and takes an empty scope for none (RFC 6749 §3.3)', async () => {
    const blanks = await auth.login('ada@example.org', { scope: ' photos:read  photos:write ' });
    expect(blanks.body['scope']).toBe('photos:read photos:write');
    const { body } = await auth.login('ada@example.org', { scope: '' });
    expect(body['scope']).toBe('photos:read photos:write');
  });

  it.each([
    ['an unknown scope', { scope: 'photos:destroy' }, 'invalid_scope'],
    ['a scope for services', { scope: 'tickets:invoices:create' }, 'invalid_scope'],
    ['a malformed scope', { scope: 'photos:read "photos:write"' }, 'invalid_scope'],
    ['an unknown resource', { resource: 'https://elsewhere.example' }, 'invalid_target'],
    ['one unknown resource of two', { resource: [PHOTOS, 'urn:x'] }, 'invalid_target'],
    [
      'a scope that the resource does not know',
      { scope: 'tickets:read', resource: PHOTOS },
      'invalid_target',
    ],
  ])('rejects %s', async (_, more, error) => {
    const answer = await auth.login('ada@example.org', more);
    expect([answer.status, answer.body['error']]).toEqual([400, error]);
  });

  it('answers an unknown e-mail like a wrong password (ASVS 6.3.8)', async () => {
    const wrong = await auth.login('ada@example.org', { password: 'not the password' });
    const unknown = await auth.login('unknown@example.org');
    expect(wrong.status).toBe(400);
    expect(wrong.body).toEqual({
      error: 'invalid_grant',
      error_description: 'The e-mail or the password is wrong.',
    });
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
  });
});

it('signs access tokens with RS256 if SIGNING_ALGORITHM is RS256 (RFC 7518 §3.3)', async () => {
  const auth = await TestAuth.start({ SIGNING_ALGORITHM: 'RS256' });
  const { access_token } = await auth.createLogin();
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', auth.url));
  const options = { algorithms: ['RS256'], currentDate: new Date(auth.clock.now()) };
  expect((await jwtVerify(access_token, keys, options)).protectedHeader.alg).toBe('RS256');
  await auth.stop();
});
