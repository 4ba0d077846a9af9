import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import * as oauth from 'openid-client';
import { generateClientSecret } from '../../src/clients/registered-credentials.js';
import { aClient, aSession } from '../support/factories.js';
import { ClientKey, toKeySet } from '../support/client-key.js';
import { ISSUER, TestAuth, type TestResponse, toBasicAuthorization } from '../support/test-auth.js';

const SECRET = 'the-secret';
const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const;
type Method = (typeof METHODS)[number];
const toId = (method: Method) => method.replaceAll('_', '-');
const ENDPOINTS = ['/oauth/token', '/oauth/revoke', '/oauth/introspect'] as const;

/** The credentials of one request. */
interface Sent {
  readonly basic?: string;
  readonly body?: Record<string, string>;
  readonly hasAssertion?: boolean;
}

let auth: TestAuth;
let key: ClientKey;
beforeAll(async () => {
  auth = await TestAuth.start();
  key = await ClientKey.generate();
  for (const authMethod of METHODS) {
    await auth.registerClient({
      id: toId(authMethod),
      ...(authMethod.startsWith('client_secret_') && { secret: SECRET }),
      authMethod,
      jwks: authMethod === 'private_key_jwt' ? toKeySet(key) : null,
      grantTypes: ['refresh_token'],
    });
  }
});
afterAll(() => auth.stop());

async function sign(id: string): Promise<Record<string, string>> {
  const exp = Math.floor(auth.clock.now() / 1000) + 60;
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await key.sign({ iss: id, sub: id, aud: ISSUER, exp, jti: randomUUID() }),
  };
}

async function send(path: string, id: string, { basic, body, hasAssertion = false }: Sent) {
  const grant = { grant_type: 'refresh_token', refresh_token: 'made-up', token: 'made-up' };
  const assertion = hasAssertion ? await sign(id) : {};
  return auth.send(path, {
    method: 'POST',
    body: new URLSearchParams({ ...grant, ...body, ...assertion }),
    ...(basic !== undefined && { headers: { authorization: toBasicAuthorization(basic) } }),
  });
}

/** Status, error and challenge, or `accepted`: the token endpoint accepts the client and refuses the made-up token. */
function summarize({ status, headers, body }: TestResponse): string {
  const error = String(body['error'] ?? '');
  if (status === 200 || error === 'invalid_grant') return 'accepted';
  const challenge = headers.has('www-authenticate') ? ' with a challenge' : '';
  return `${status} ${error}${challenge}`;
}

const REFUSED = '401 invalid_client';
const CHALLENGED = '401 invalid_client with a challenge';
const BOTH = '400 invalid_request';
const OK = 'accepted';

describe('client authentication at the three endpoints (RFC 6749 §2.3)', () => {
  /** The answers to a client with a secret, a client with a key, and a public client. */
  it.each<[string, (id: string) => Sent, readonly [string, string, string]]>([
    ['Basic', (id) => ({ basic: `${id}:${SECRET}` }), [OK, CHALLENGED, CHALLENGED]],
    [
      'Basic beside the same client_id',
      (id) => ({ basic: `${id}:${SECRET}`, body: { client_id: id } }),
      [OK, CHALLENGED, CHALLENGED],
    ],
    [
      'Basic beside an empty client_secret (§3.2)',
      (id) => ({ basic: `${id}:${SECRET}`, body: { client_id: id, client_secret: '' } }),
      [OK, CHALLENGED, CHALLENGED],
    ],
    [
      'Basic beside an empty assertion, as zitadel does (§3.2)',
      (id) => ({
        basic: `${id}:${SECRET}`,
        body: { client_assertion: '', client_assertion_type: '' },
      }),
      [OK, CHALLENGED, CHALLENGED],
    ],
    [
      'a wrong secret by Basic',
      (id) => ({ basic: `${id}:x` }),
      [CHALLENGED, CHALLENGED, CHALLENGED],
    ],
    ['an empty secret by Basic', (id) => ({ basic: `${id}:` }), [CHALLENGED, CHALLENGED, OK]],
    [
      'the secret in the body',
      (id) => ({ body: { client_id: id, client_secret: SECRET } }),
      [OK, REFUSED, REFUSED],
    ],
    [
      'the secret and an empty assertion in the body, as zitadel does (§3.2)',
      (id) => ({
        body: {
          client_id: id,
          client_secret: SECRET,
          client_assertion: '',
          client_assertion_type: '',
        },
      }),
      [OK, REFUSED, REFUSED],
    ],
    [
      'a wrong secret in the body',
      (id) => ({ body: { client_id: id, client_secret: 'x' } }),
      [REFUSED, REFUSED, REFUSED],
    ],
    [
      'an empty client_secret in the body (§3.2)',
      (id) => ({ body: { client_id: id, client_secret: '' } }),
      [REFUSED, REFUSED, OK],
    ],
    ['client_id alone', (id) => ({ body: { client_id: id } }), [REFUSED, REFUSED, OK]],
    ['an assertion', () => ({ hasAssertion: true }), [REFUSED, OK, REFUSED]],
    [
      'an assertion beside client_id and an empty client_secret',
      (id) => ({ body: { client_id: id, client_secret: '' }, hasAssertion: true }),
      [REFUSED, OK, REFUSED],
    ],
    ['no credentials', () => ({}), [REFUSED, REFUSED, REFUSED]],
    [
      'a secret without client_id',
      () => ({ body: { client_secret: SECRET } }),
      [REFUSED, REFUSED, REFUSED],
    ],
    [
      'the same secret twice',
      (id) => ({ basic: `${id}:${SECRET}`, body: { client_id: id, client_secret: SECRET } }),
      [BOTH, BOTH, BOTH],
    ],
    [
      'an empty secret by Basic and the secret in the body',
      (id) => ({ basic: `${id}:`, body: { client_id: id, client_secret: SECRET } }),
      [BOTH, BOTH, BOTH],
    ],
    [
      'Basic and an assertion',
      (id) => ({ basic: `${id}:${SECRET}`, hasAssertion: true }),
      [BOTH, BOTH, BOTH],
    ],
    [
      'an empty secret by Basic and an assertion',
      (id) => ({ basic: `${id}:`, hasAssertion: true }),
      [BOTH, BOTH, BOTH],
    ],
    [
      'a secret in the body and an assertion',
      (id) => ({ body: { client_id: id, client_secret: SECRET }, hasAssertion: true }),
      [BOTH, BOTH, BOTH],
    ],
    [
      'Basic beside another client_id',
      (id) => ({ basic: `${id}:${SECRET}`, body: { client_id: 'other' } }),
      [BOTH, BOTH, BOTH],
    ],
    [
      'Basic beside an assertion type alone',
      (id) => ({ basic: `${id}:${SECRET}`, body: { client_assertion_type: 'x' } }),
      [BOTH, BOTH, BOTH],
    ],
  ])('answers %s alike at each endpoint', async (_, toSent, [secret, withKey, open]) => {
    const answers: Record<string, string> = {};
    for (const endpoint of ENDPOINTS) {
      for (const method of METHODS) {
        const answer = await send(endpoint, toId(method), toSent(toId(method)));
        answers[`${method} at ${endpoint}`] = summarize(answer);
      }
    }
    const expected = ENDPOINTS.map((endpoint) => {
      // Public clients may not introspect.
      const hasHeader = toSent('x').basic !== undefined;
      const closed = endpoint === '/oauth/introspect' && open === OK;
      const none = closed ? (hasHeader ? CHALLENGED : REFUSED) : open;
      return {
        [`client_secret_basic at ${endpoint}`]: secret,
        [`client_secret_post at ${endpoint}`]: secret,
        [`private_key_jwt at ${endpoint}`]: withKey,
        [`none at ${endpoint}`]: none,
      };
    });
    expect(answers).toEqual(Object.assign({}, ...expected));
  });

  it('answers an unknown client and a wrong secret with the same text', async () => {
    const texts = [];
    for (const id of ['unknown', 'client-secret-basic']) {
      const sent = [{ basic: `${id}:x` }, { body: { client_id: id, client_secret: 'x' } }];
      for (const each of sent) {
        const { headers, body } = await send('/oauth/token', id, each);
        expect(headers.get('cache-control')).toBe('no-store');
        texts.push(body);
      }
    }
    const refusal = {
      error: 'invalid_client',
      error_description: 'Client authentication failed.',
    };
    expect(texts).toEqual([refusal, refusal, refusal, refusal]);
  });

  it.each<[string, Method, Sent, string]>([
    ['no client_id', 'none', {}, 'Client authentication failed: client_id is missing.'],
    [
      'no secret',
      'client_secret_basic',
      { body: { client_id: 'client-secret-basic' } },
      'Client authentication failed: the client has a secret, and the request has none.',
    ],
    [
      'an assertion of a client with a secret (client_secret_jwt)',
      'client_secret_basic',
      { hasAssertion: true },
      'Client authentication failed: the client has a secret, to be sent by Basic or as client_secret, and the request has an assertion; client_secret_jwt is not supported.',
    ],
    [
      'a secret of a public client',
      'none',
      { basic: 'none:x' },
      'Client authentication failed: the client is public, so the request must have no credentials.',
    ],
    [
      'a secret of a client with a key',
      'private_key_jwt',
      { basic: 'private-key-jwt:x' },
      'Client authentication failed: the client is registered for private_key_jwt, and the request used client_secret_basic.',
    ],
    [
      'the secret twice',
      'client_secret_basic',
      { basic: 'client-secret-basic:x', body: { client_secret: 'x' } },
      'Use one way of client authentication only: the Authorization header or client_secret in the body.',
    ],
    [
      'two client ids',
      'client_secret_basic',
      { basic: 'client-secret-basic:x', body: { client_id: 'y' } },
      'client_id differs from the client of the Authorization header.',
    ],
  ])('says what is wrong with %s', async (_, method, sent, text) => {
    const { body } = await send('/oauth/token', toId(method), sent);
    expect(body['error_description']).toBe(text);
  });
});

describe('client libraries', () => {
  it('tells the true error to a client that repeats a refused request the other way (Go x/oauth2)', async () => {
    for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
      const id = toId(method);
      const first = await send('/oauth/token', id, { basic: `${id}:${SECRET}` });
      const second = await send('/oauth/token', id, {
        body: { client_id: id, client_secret: SECRET },
      });
      expect([first.body['error'], second.body['error']]).toEqual([
        'invalid_grant',
        'invalid_grant',
      ]);
    }
  });

  it('lets a client log in one way, and refresh and revoke the other way (requests-oauthlib, zitadel)', async () => {
    const id = await aClient(auth, { secret: SECRET });
    const token = await aSession(auth, id);
    const form = { client_id: id, client_secret: SECRET };
    const refreshed = await auth.token({
      grant_type: 'refresh_token',
      refresh_token: token,
      ...form,
    });
    expect(refreshed.status).toBe(200);
    const next = refreshed.body['refresh_token'] ?? '';
    const revoked = await send('/oauth/revoke', id, { body: { ...form, token: next } });
    expect(revoked.status).toBe(200);
    const after = { grant_type: 'refresh_token', refresh_token: next };
    expect((await auth.token(after, `${id}:${SECRET}`)).body['error']).toBe('invalid_grant');
  });

  it('shows error and reason to openid-client, which hides both behind a challenge (§5.2)', async () => {
    const server = { issuer: ISSUER, token_endpoint: `${auth.url}/oauth/token` };
    const configuration = new oauth.Configuration(
      server,
      'private-key-jwt',
      {},
      oauth.ClientSecretPost('x'),
    );
    oauth.allowInsecureRequests(configuration);
    await expect(oauth.refreshTokenGrant(configuration, 'made-up')).rejects.toMatchObject({
      error: 'invalid_client',
      error_description: expect.stringContaining('the request used client_secret_post'),
      status: 401,
    });
  });

  it('needs no form-encoding of generated secrets, because some libraries omit it', () => {
    const secrets = Array.from({ length: 200 }, generateClientSecret);
    expect(secrets.filter((secret) => encodeURIComponent(secret) !== secret)).toEqual([]);
  });
});

describe('the Authorization header (RFC 7617)', () => {
  it.each([
    ['no colon', toBasicAuthorization('client-secret-basic')],
    ['bytes that are not UTF-8', `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString('base64')}`],
    ['a broken percent code', toBasicAuthorization('client-secret-basic:%zz')],
    ['no credentials', 'Basic'],
  ])('rejects a header with %s', async (_, authorization) => {
    const answer = await auth.send('/oauth/token', {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token' }),
      headers: { authorization },
    });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
  });

  it.each(ENDPOINTS)('asks for Basic at %s after another scheme (RFC 6749 §5.2)', async (path) => {
    for (const authorization of [
      'Bearer abc',
      'bearer',
      'Digest username="x"',
      'Basically x',
      '',
    ]) {
      const { status, body, headers } = await auth.send(path, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'none', token: 'x' }),
        headers: { authorization },
      });
      expect([status, body, headers.get('www-authenticate')]).toEqual([
        401,
        {
          error: 'invalid_client',
          error_description:
            'Client authentication failed: the scheme of the Authorization header must be Basic.',
        },
        'Basic realm="token endpoint"',
      ]);
    }
  });

  it('rejects two Authorization headers, because a proxy may check the other one (RFC 6749 §2.3)', async () => {
    const header = toBasicAuthorization('client-secret-basic:the-secret');
    const body = 'grant_type=refresh_token&refresh_token=made-up';
    const errorOf = async (...authorizations: string[]) => {
      const sent = request(`${auth.url}/oauth/token`, {
        method: 'POST',
        headers: [
          ...['Host', 'localhost', 'Content-Length', String(body.length)],
          ...['Content-Type', 'application/x-www-form-urlencoded'],
          ...authorizations.flatMap((value) => ['Authorization', value]),
        ],
      });
      const answered: Promise<IncomingMessage[]> = once(sent, 'response');
      sent.end(body);
      const [response] = await answered;
      const chunks: Buffer[] = (await response?.toArray()) ?? [];
      return JSON.parse(Buffer.concat(chunks).toString()).error;
    };
    expect(await errorOf(header)).toBe('invalid_grant');
    expect(await errorOf(header, header)).toBe('invalid_request');
  });
});
