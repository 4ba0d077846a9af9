import { TestIssuer } from '@gatehouse/guards/testing';
import { ServiceTokenService } from '../../src/service-tokens/service-tokens.service.js';
import { TokenCache } from '../../src/service-tokens/token-cache.js';
import {
  AuthorizationServerUnavailableException,
  TokenRejectedError,
} from '../../src/service-tokens/token-errors.js';
import {
  BILLING,
  CLIENT_SECRET,
  decodeClaims,
  FakeTokenEndpoint,
} from '../support/fake-services.js';

const TARGET = { resource: BILLING, scope: 'billing:invoices:create' };
const START = Date.UTC(2026, 10, 25);

let issuer: TestIssuer;
let endpoint: FakeTokenEndpoint;
let time: number;
beforeEach(async () => {
  issuer = await TestIssuer.start();
  endpoint = await new FakeTokenEndpoint(issuer).start();
  time = START;
});
afterEach(async () => {
  await endpoint.stop();
  await issuer.close();
});

const serviceTokens = (changes: object = {}) =>
  new ServiceTokenService({
    issuer: issuer.issuer,
    tokenEndpoint: endpoint.url,
    clientId: 'orders-service',
    clientSecret: CLIENT_SECRET,
    dangerouslyAllowInsecureHttp: false,
    now: () => time,
    ...changes,
  });

describe('a token of the service (RFC 6749 §4.4)', () => {
  it('requests a token with the client secret, for one resource server and the scope of the call', async () => {
    const token = await serviceTokens().getServiceToken(TARGET);

    expect(endpoint.requests).toEqual([{ grant_type: 'client_credentials', ...TARGET }]);
    const [id, secret] = Buffer.from(
      endpoint.received[0]?.authorization.replace('Basic ', '') ?? '',
      'base64',
    )
      .toString()
      .split(':')
      .map(decodeURIComponent);
    expect([id, secret]).toEqual(['orders-service', CLIENT_SECRET]);
    expect(decodeClaims(token)).toMatchObject({ aud: BILLING, scope: TARGET.scope });
  });

  it('caches a token until half a minute before it expires', async () => {
    const tokens = serviceTokens();
    const first = await tokens.getServiceToken(TARGET);
    time = START + 269_999;
    expect(await tokens.getServiceToken(TARGET)).toBe(first);
    time = START + 270_000;
    expect(await tokens.getServiceToken(TARGET)).not.toBe(first);
    expect(endpoint.received).toHaveLength(2);
  });

  it('caches a token for half of its lifetime when that is less than a minute', async () => {
    endpoint.lifetime = 10;
    const tokens = serviceTokens();
    await tokens.getServiceToken(TARGET);
    time = START + 4_999;
    await tokens.getServiceToken(TARGET);
    expect(endpoint.received).toHaveLength(1);
    time = START + 5_000;
    await tokens.getServiceToken(TARGET);
    expect(endpoint.received).toHaveLength(2);
  });

  it('requests one token for a hundred simultaneous calls', async () => {
    const tokens = serviceTokens();
    const given = await Promise.all(
      Array.from({ length: 100 }, () => tokens.getServiceToken(TARGET)),
    );

    expect(new Set(given).size).toBe(1);
    expect(endpoint.received).toHaveLength(1);
  });

  it('requests another token for another scope', async () => {
    const tokens = serviceTokens();
    const scopes = ['billing:read', 'billing:invoices:create'];
    const given = await Promise.all(
      scopes.map((scope) => tokens.getServiceToken({ resource: BILLING, scope })),
    );

    expect(given.map((token) => decodeClaims(token)['scope'])).toEqual(scopes);
  });

  it('removes a rejected token from the cache, and keeps the others', async () => {
    const tokens = serviceTokens();
    const rejected = await tokens.getServiceToken(TARGET);
    const other = await tokens.getServiceToken({ ...TARGET, scope: 'billing:read' });
    tokens.discardToken(rejected);

    expect(await tokens.getServiceToken(TARGET)).not.toBe(rejected);
    expect(await tokens.getServiceToken({ ...TARGET, scope: 'billing:read' })).toBe(other);
  });
});

describe('an exchanged token of a user (RFC 8693)', () => {
  const target = { resource: BILLING, scope: 'billing:read' };

  it('exchanges the user’s token for the scope of the call only', async () => {
    const subjectToken = issuer.accessToken({ sub: 'alice' });
    const token = await serviceTokens().exchangeToken(subjectToken, target);

    const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
    expect(endpoint.requests).toEqual([
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subjectToken,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: ACCESS_TOKEN,
        ...target,
      },
    ]);
    expect(decodeClaims(token)).toMatchObject({ sub: 'alice', act: { sub: 'orders-service' } });
  });

  it('never uses the token of another user', async () => {
    const tokens = serviceTokens();
    const [alice = '', bob = ''] = ['alice', 'bob'].map((sub) => issuer.accessToken({ sub }));
    const given = [];
    for (const token of [alice, bob, alice, bob])
      given.push(await tokens.exchangeToken(token, target));

    expect(given.map((token) => decodeClaims(token)['sub'])).toEqual([
      'alice',
      'bob',
      'alice',
      'bob',
    ]);
    expect(endpoint.received).toHaveLength(2);
  });
});

describe('the token cache', () => {
  it('removes the least recently used token when it is full', async () => {
    const cache = new TokenCache(() => time, 2);
    const requested: string[] = [];
    const get = (key: string) =>
      cache.get(key, async () => {
        requested.push(key);
        return { accessToken: `token of ${key}`, usableUntil: time + 1 };
      });
    for (const key of ['one', 'two', 'one', 'three', 'one', 'two']) await get(key);

    expect(requested).toEqual(['one', 'two', 'three', 'two']);
  });
});

describe('a failed request for a token', () => {
  it('fails all waiting calls, and the next call tries again', async () => {
    const tokens = serviceTokens();
    endpoint.refusal = { status: 503, json: { error: 'temporarily_unavailable' } };
    const waiting = Array.from({ length: 10 }, () => tokens.getServiceToken(TARGET));
    for (const outcome of await Promise.allSettled(waiting)) {
      expect(outcome).toMatchObject({
        reason: expect.any(AuthorizationServerUnavailableException),
      });
    }
    expect(endpoint.received).toHaveLength(1);

    endpoint.refusal = undefined;
    expect(decodeClaims(await tokens.getServiceToken(TARGET))['aud']).toBe(BILLING);
  });

  it.each<[name: string, refusal: object]>([
    ['is overloaded', { status: 429, json: { error: 'slow_down' } }],
    ['fails', { status: 500, headers: { 'content-type': 'text/html' } }],
    ['does not know the service', { status: 401, json: { error: 'invalid_client' } }],
    ['does not support the grant', { status: 400, json: { error: 'unsupported_grant_type' } }],
    ['answers with an unexpected body', { status: 200, json: { token: 'x' } }],
  ])('fails with 503 when the server %s', async (_name, refusal) => {
    endpoint.refusal = Object(refusal);
    const failure: unknown = await serviceTokens()
      .getServiceToken(TARGET)
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(AuthorizationServerUnavailableException);
    expect(failure).toMatchObject({ status: 503, headers: { 'Retry-After': '2' } });
  });

  it.each([{ 'www-authenticate': 'Basic realm="token endpoint"' }, {}])(
    'names CLIENT_ID and CLIENT_SECRET in the cause when the server refuses the client, headers %j',
    async (headers) => {
      endpoint.refusal = { status: 401, json: { error: 'invalid_client' }, headers };
      await expect(serviceTokens().getServiceToken(TARGET)).rejects.toMatchObject({
        cause: {
          message: `${endpoint.url} refuses the client orders-service: see CLIENT_ID and CLIENT_SECRET`,
        },
      });
    },
  );

  it('fails with 503 when the server is down', async () => {
    await endpoint.stop();

    await expect(serviceTokens().getServiceToken(TARGET)).rejects.toThrow(
      AuthorizationServerUnavailableException,
    );
  });

  it('fails within four seconds when the server does not answer', async () => {
    endpoint.refusal = 'never';
    const began = performance.now();

    await expect(serviceTokens().getServiceToken(TARGET)).rejects.toThrow(
      AuthorizationServerUnavailableException,
    );
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  it('sends no request without a client secret', async () => {
    const tokens = serviceTokens({ clientSecret: undefined });

    await expect(tokens.getServiceToken(TARGET)).rejects.toThrow(
      AuthorizationServerUnavailableException,
    );
    expect(endpoint.received).toEqual([]);
  });

  it('passes on the error code when the server rejects the request', async () => {
    endpoint.refusal = { status: 400, json: { error: 'invalid_scope' } };
    const failure: unknown = await serviceTokens()
      .getServiceToken(TARGET)
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(TokenRejectedError);
    expect(failure).toMatchObject({ code: 'invalid_scope' });
  });
});

describe('the address of the token endpoint', () => {
  it('rejects a remote host over plain http, because the client secret would be readable', async () => {
    const tokens = serviceTokens({ tokenEndpoint: 'http://auth.internal/oauth/token' });
    const failure: unknown = await tokens.getServiceToken(TARGET).catch((error: unknown) => error);

    expect(failure).toMatchObject({ cause: { message: 'only requests to HTTPS are allowed' } });
  });

  it('discovers the token endpoint once from the issuer’s metadata (RFC 8414)', async () => {
    const metadata = { issuer: endpoint.url, token_endpoint: endpoint.url };
    endpoint.refusal = { status: 200, json: metadata };
    const tokens = serviceTokens({ issuer: endpoint.url, tokenEndpoint: undefined });
    await tokens.getServiceToken(TARGET).catch(() => undefined);
    endpoint.refusal = undefined;
    await tokens.getServiceToken(TARGET);

    expect(endpoint.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /.well-known/oauth-authorization-server',
      'POST /',
      'POST /',
    ]);
  });
});
