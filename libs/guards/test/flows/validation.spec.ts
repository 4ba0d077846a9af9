import { createHash, createPublicKey, verify } from 'node:crypto';
import { Controller, HttpCode, type INestApplication, Post } from '@nestjs/common';
import request from 'supertest';
import { RequireScopes, type ResourceServerOptions } from '../../src/index.js';
import { encodePart, generateSigningKey, TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';
import { guardedApp, platforms } from '../support/guarded-app.js';
import { anAuthenticator, verifyOrError } from '../support/factories.js';

let issuer: TestIssuer;
let clock: TestClock;

beforeEach(async () => {
  clock = new TestClock();
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(() => issuer.close());

const authenticatorWith = (options: Partial<ResourceServerOptions> = {}) =>
  anAuthenticator({ ...issuer.options, ...clock.options, ...options });

describe('client of a token (RFC 9068 §2.2)', () => {
  it('requires the client by default', async () => {
    const token = issuer.accessToken({ client_id: undefined });
    expect(await verifyOrError(authenticatorWith(), token)).toMatchObject({
      reason: 'malformed_claims',
      cause: {
        message: expect.stringContaining(
          'client_id must be a non-empty string: set `claims.clientId`',
        ),
      },
    });
  });

  it.each([
    ['azp', ['azp']],
    ['appid', ['azp', 'appid']],
    ['client', [['context', 'client']]],
  ])('reads the client from another claim of the issuer: %s', async (claim, clientId) => {
    const claims = { clientId };
    const authenticator = anAuthenticator({ ...issuer.options, ...clock.options, claims });
    const named = { client_id: undefined, [claim]: 'web', context: { client: 'web' } };
    expect(await verifyOrError(authenticator, issuer.accessToken(named))).toMatchObject({
      clientId: 'web',
    });
    expect(await verifyOrError(authenticator, issuer.accessToken())).toMatchObject({
      reason: 'malformed_claims',
      cause: { message: expect.stringMatching(/^(azp|context\.client)[^]*set `claims.clientId`/) },
    });
  });

  it('names the option for tokens without `jti` in the reason', async () => {
    const token = issuer.accessToken({ jti: undefined });
    expect(await verifyOrError(authenticatorWith(), token)).toMatchObject({
      reason: 'malformed_claims',
      cause: { message: expect.stringContaining('set `claims.tokenId`') },
    });
  });

  it('leaves the client undefined for an issuer whose tokens name none (`claims.clientId: []`)', async () => {
    const claims = { clientId: [] };
    const authenticator = anAuthenticator({ ...issuer.options, ...clock.options, claims });
    for (const clientId of [undefined, 'web', 7]) {
      const token = await verifyOrError(authenticator, issuer.accessToken({ client_id: clientId }));
      expect(token).toMatchObject({ subject: 'alice' });
      expect(token).not.toHaveProperty('clientId');
    }
  });
});

describe('time claims (RFC 7519 §4.1.4 to §4.1.6)', () => {
  const hour = { maxTokenAgeSeconds: 3600 };
  const none = { clockToleranceSeconds: 0 };
  const minute = { clockToleranceSeconds: 60 };

  /** Claims are relative to the clock. A row without a reason is an accepted token. */
  it.each([
    ['exp in a second', none, { exp: 1 }, undefined],
    ['exp now, because "on or after" exp is too late', none, { exp: 0 }, 'expired'],
    ['exp within the tolerance', {}, { exp: -4 }, undefined],
    ['exp at the end of the tolerance', {}, { exp: -5 }, 'expired'],
    ['exp within the longest tolerance', minute, { exp: -59 }, undefined],
    ['exp beyond the longest tolerance', minute, { exp: -60 }, 'expired'],
    ['exp with a fraction', none, { exp: 0.5 }, undefined],
    ['nbf now', none, { nbf: 0 }, undefined],
    ['nbf in a second', none, { nbf: 1 }, 'not_yet_valid'],
    ['nbf at the end of the tolerance', {}, { nbf: 5 }, undefined],
    ['nbf beyond the tolerance', {}, { nbf: 6 }, 'not_yet_valid'],
    ['iat now', none, { iat: 0 }, undefined],
    ['iat at the end of the tolerance', {}, { iat: 5 }, undefined],
    ['iat beyond the tolerance', {}, { iat: 6 }, 'issued_in_the_future'],
    ['iat within the maximum age', hour, { iat: -3604 }, undefined],
    ['iat at the maximum age', hour, { iat: -3605 }, 'too_old'],
    ['iat a day ago, which is the default maximum', {}, { iat: -86_405 }, 'too_old'],
    ['exp before iat', none, { iat: -10, exp: -1 }, 'expired'],
  ])('judges a token to the second: %s', async (_name, options, relative, reason) => {
    const now = clock.now() / 1000;
    const claims = Object.fromEntries(
      Object.entries(relative).map(([claim, seconds]) => [claim, now + seconds]),
    );
    const verdict = await verifyOrError(authenticatorWith(options), issuer.accessToken(claims));
    if (reason === undefined) expect(verdict).toHaveProperty('subject', 'alice');
    else expect(verdict).toHaveProperty('reason', reason);
  });

  it.each(['exp', 'iat', 'nbf', 'auth_time'])(
    'refuses %s in milliseconds, which would be thousands of years ahead (RFC 7519 §2)',
    async (claim) => {
      const token = issuer.accessToken({ [claim]: clock.now() });
      expect(await verifyOrError(authenticatorWith(), token)).toHaveProperty(
        'reason',
        'malformed_claims',
      );
    },
  );

  it.each([[true], [[1]], [{}], ['1'], [null], [-1e12]])(
    'refuses the iat %j, which is not a NumericDate',
    async (iat) => {
      const verdict = await verifyOrError(authenticatorWith(), issuer.accessToken({ iat }));
      expect(verdict).toHaveProperty('reason', 'malformed_claims');
    },
  );
});

describe('length of a token', () => {
  it('refuses a token that is longer than `maxTokenBytes` without parsing it', async () => {
    const token = issuer.accessToken();
    const at = authenticatorWith({ maxTokenBytes: token.length });
    const below = authenticatorWith({ maxTokenBytes: token.length - 1 });

    expect(await verifyOrError(at, token)).toHaveProperty('subject');
    expect(await verifyOrError(below, token)).toHaveProperty('reason', 'oversized_token');
    expect(await verifyOrError(below, '.'.repeat(100_000))).toHaveProperty(
      'reason',
      'oversized_token',
    );
  });
});

describe('token that is bound to a key (RFC 7800)', () => {
  const bound = { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } };

  it('refuses a bound token as a bearer token, because a thief lacks the key', async () => {
    const verdict = await verifyOrError(authenticatorWith(), issuer.accessToken(bound));

    expect(verdict).toMatchObject({ reason: 'bound_token', status: 401 });
  });

  it('accepts a bound token as a bearer token with `ignoresTokenBinding`', async () => {
    const authenticator = anAuthenticator({
      ...issuer.options,
      ignoresTokenBinding: true,
      ...clock.options,
    });

    expect(await verifyOrError(authenticator, issuer.accessToken(bound))).toHaveProperty(
      'subject',
      'alice',
    );
  });
});

describe('RSA key with a weak public exponent', () => {
  /** Pads the digest (RFC 8017 §9.2). With exponent 1 this is a valid signature, made without a private key. */
  function signedWithoutKey(input: string, bytes: number): string {
    const digestInfo = Buffer.concat([
      Buffer.from('3031300d060960864801650304020105000420', 'hex'),
      createHash('sha256').update(input).digest(),
    ]);
    const padding = Buffer.alloc(bytes - digestInfo.length - 3, 0xff);
    return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), digestInfo]).toString(
      'base64url',
    );
  }

  const rsa = generateSigningKey('RS256', 'rsa');
  const key = (e: string) => ({ ...rsa, publicJwk: { ...rsa.publicJwk, e } });
  const rs256 = () =>
    anAuthenticator({ ...issuer.options, algorithms: ['RS256'], ...clock.options });

  it('shows that node:crypto accepts a signature without a private key when the exponent is 1', () => {
    const forged = Buffer.from(signedWithoutKey('text', 256), 'base64url');
    const publicKey = createPublicKey({ key: key('AQ').publicJwk, format: 'jwk' });

    expect(verify('sha256', Buffer.from('text'), publicKey, forged)).toBe(true);
  });

  it.each([
    ['1', 'AQ'],
    ['2', 'Ag'],
    ['3, below FIPS 186-5 §5.1', 'Aw'],
    ['65538, which is even', 'AQAC'],
  ])('verifies no token under an RSA key with the exponent %s', async (_name, e) => {
    issuer.removeKey(issuer.signingKey.kid);
    issuer.rotate(key(e));
    const input = `${encodePart({ ...issuer.header(), alg: 'RS256' })}.${encodePart(issuer.claims())}`;
    const token = `${input}.${signedWithoutKey(input, 256)}`;

    expect(await verifyOrError(rs256(), token)).toHaveProperty('reason', 'keys_unavailable');
  });
});

describe.each(platforms)('several credentials on %s (RFC 6750 §2)', (_platform, adapter) => {
  @Controller('forms')
  class FormsController {
    @Post()
    @HttpCode(200)
    @RequireScopes('orders:read')
    take() {}
  }
  let app: INestApplication;
  let token: string;

  beforeEach(async () => {
    app = await guardedApp(adapter, { ...issuer.options, ...clock.options }, [FormsController]);
    token = issuer.accessToken({ scope: 'orders:read' });
  });
  afterEach(() => app.close());

  const post = (url = '/forms') => request(app.getHttpServer()).post(url);
  const withHeader = (url?: string) => post(url).set('Authorization', `Bearer ${token}`);

  it.each([
    ['the query', () => withHeader(`/forms?access_token=${token}`)],
    ['the query, empty', () => withHeader('/forms?a=1&access_token=')],
    ['a form body', () => withHeader().type('form').send({ access_token: token })],
  ])('answers 400 invalid_request to a token in the header and in %s', async (_place, send) => {
    const answer = await send();
    expect(answer.status).toBe(400);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
  });

  it.each([
    ['a member of a JSON body', () => withHeader().send({ access_token: token })],
    [
      'a query parameter whose name ends with access_token',
      () => withHeader('/forms?my_access_token=x'),
    ],
    ['a value in the query', () => withHeader('/forms?a=access_token')],
    ['another form field', () => withHeader().type('form').send({ token: 'x' })],
  ])('answers 200 because this is not a credential: %s', async (_place, send) => {
    expect((await send()).status).toBe(200);
  });

  it.each([
    ['the query', () => post(`/forms?access_token=${token}`)],
    ['a form body', () => post().type('form').send({ access_token: token })],
    ['a JSON body', () => post().send({ access_token: token })],
  ])(
    'answers 401 without an error code if the only token is in %s (RFC 6750 §3.1)',
    async (_place, send) => {
      const answer = await send();
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer resource_metadata="/);
    },
  );
});
