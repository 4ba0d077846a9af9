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

describe('a token of the service itself (RFC 6749 §4.4)', () => {
  it('is asked for with its secret, for one resource server and the scope of the call', async () => {
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

  it('is kept until half a minute before it expires', async () => {
    const tokens = serviceTokens();
    const first = await tokens.getServiceToken(TARGET);
    time = START + 269_999;
    expect(await tokens.getServiceToken(TARGET)).toBe(first);
    time = START + 270_000;
    expect(await tokens.getServiceToken(TARGET)).not.toBe(first);
    expect(endpoint.received).toHaveLength(2);
  });

  it('that lives for less than a minute is kept for half of that', async () => {
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

  it('is asked for once by a hundred who want it at once', async () => {
    const tokens = serviceTokens();
    const given = await Promise.all(
      Array.from({ length: 100 }, () => tokens.getServiceToken(TARGET)),
    );

    expect(new Set(given).size).toBe(1);
    expect(endpoint.received).toHaveLength(1);
  });

  it('is another one for another scope', async () => {
    const tokens = serviceTokens();
    const scopes = ['billing:read', 'billing:invoices:create'];
    const given = await Promise.all(
      scopes.map((scope) => tokens.getServiceToken({ resource: BILLING, scope })),
    );

    expect(given.map((token) => decodeClaims(token)['scope'])).toEqual(scopes);
  });

  it('that was not accepted is forgotten, and the others are not', async () => {
    const tokens = serviceTokens();
    const refused = await tokens.getServiceToken(TARGET);
    const other = await tokens.getServiceToken({ ...TARGET, scope: 'billing:read' });
    tokens.discardToken(refused);

    expect(await tokens.getServiceToken(TARGET)).not.toBe(refused);
    expect(await tokens.getServiceToken({ ...TARGET, scope: 'billing:read' })).toBe(other);
  });
});

describe('a token for a person (RFC 8693)', () => {
  const target = { resource: BILLING, scope: 'billing:read' };

  it('is exchanged for the one that they called with, and asks for no more than the call needs', async () => {
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

  it('is never handed to somebody else', async () => {
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

describe('the tokens that are kept', () => {
  it('are so many at most: the one that was not used for the longest time goes', async () => {
    const cache = new TokenCache(() => time, 2);
    const asked: string[] = [];
    const get = (key: string) =>
      cache.get(key, async () => {
        asked.push(key);
        return { accessToken: `token of ${key}`, usableUntil: time + 1 };
      });
    for (const key of ['one', 'two', 'one', 'three', 'one', 'two']) await get(key);

    expect(asked).toEqual(['one', 'two', 'three', 'two']);
  });
});

describe('when there is no token to be had', () => {
  it('all who wait are told so, and the next one asks again', async () => {
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
    ['knows no such grant', { status: 400, json: { error: 'unsupported_grant_type' } }],
    ['answers something else', { status: 200, json: { token: 'x' } }],
  ])('because the server %s, that is no fault of the caller: 503', async (_name, refusal) => {
    endpoint.refusal = Object(refusal);
    const failure: unknown = await serviceTokens()
      .getServiceToken(TARGET)
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(AuthorizationServerUnavailableException);
    expect(failure).toMatchObject({ status: 503, headers: { 'Retry-After': '2' } });
  });

  it('because the server is away, too', async () => {
    await endpoint.stop();

    await expect(serviceTokens().getServiceToken(TARGET)).rejects.toThrow(
      AuthorizationServerUnavailableException,
    );
  });

  it('because the server hangs, it is said within four seconds', async () => {
    endpoint.refusal = 'never';
    const began = performance.now();

    await expect(serviceTokens().getServiceToken(TARGET)).rejects.toThrow(
      AuthorizationServerUnavailableException,
    );
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  it('because there is no secret, nobody is asked', async () => {
    const tokens = serviceTokens({ clientSecret: undefined });

    await expect(tokens.getServiceToken(TARGET)).rejects.toThrow(
      AuthorizationServerUnavailableException,
    );
    expect(endpoint.received).toEqual([]);
  });

  it('because it is not granted, the word for it is passed on', async () => {
    endpoint.refusal = { status: 400, json: { error: 'invalid_scope' } };
    const failure: unknown = await serviceTokens()
      .getServiceToken(TARGET)
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(TokenRejectedError);
    expect(failure).toMatchObject({ code: 'invalid_scope' });
  });
});

describe('where tokens are got', () => {
  it('is never a host elsewhere by plain http: the secret would be on the wire', async () => {
    const tokens = serviceTokens({ tokenEndpoint: 'http://auth.internal/oauth/token' });
    const failure: unknown = await tokens.getServiceToken(TARGET).catch((error: unknown) => error);

    expect(failure).toMatchObject({ cause: { message: 'only requests to HTTPS are allowed' } });
  });

  it('is found by the metadata of the issuer (RFC 8414), once', async () => {
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
