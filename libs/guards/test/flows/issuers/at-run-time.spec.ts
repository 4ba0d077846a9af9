import { createServer } from 'node:http';
import { createVerifier } from '../../../src/core.js';
import type { IssuerOptions } from '../../../src/core/verifier.options.js';
import { describeError } from '../../../src/core/token-error.js';
import type { IssuersAtRunTime } from '../../../src/issuers-at-run-time/index.js';
import { closeServer, listenOnLoopback } from '../../../testing/loopback-server.js';
import { TestIssuer } from '../../../testing/test-issuer.js';
import { TestClock } from '../../support/test-clock.js';
import { waitUntil } from '../../support/wait-until.js';

type Resolve = IssuersAtRunTime['resolve'];

const AUDIENCE = 'https://api.example';

let clock: TestClock;
let one: TestIssuer;
let other: TestIssuer;
/** The tenants of the application, and every `iss` that it was asked for. */
let tenants: Map<string, IssuerOptions>;
let asked: string[];

beforeEach(async () => {
  clock = new TestClock();
  [one, other] = await Promise.all([
    TestIssuer.start(clock.options),
    TestIssuer.start(clock.options),
  ]);
  tenants = new Map([one, other].map((issuer) => [issuer.issuer, tenant(issuer)]));
  asked = [];
});

afterEach(async () => Promise.all([one.close(), other.close()]));

function tenant({ issuer }: TestIssuer): IssuerOptions {
  return { issuer, algorithms: ['ES256'] };
}

const fromTenants: Resolve = (iss) => {
  asked.push(iss);
  return tenants.get(iss);
};

function aVerifier(issuers: Partial<IssuersAtRunTime> = {}, timeoutMs = 10_000) {
  return createVerifier({
    audience: AUDIENCE,
    issuers: { resolve: fromTenants, allowsPrivateAddresses: true, ...issuers },
    keySet: { timeoutMs },
    ...clock.options,
  });
}

async function refusal(verifier: ReturnType<typeof aVerifier>, token: string) {
  try {
    return { code: undefined, subject: (await verifier.verify(token)).subject, words: '' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    return { code, words: describeError(error) };
  }
}

describe('A verifier that resolves issuers at run time', () => {
  it('verifies tokens of each tenant by its own keys, and resolves each tenant once', async () => {
    const verifier = aVerifier();
    for (const issuer of [one, other, one, other]) {
      const token = await verifier.verify(issuer.accessToken());
      expect(token.issuer).toBe(issuer.issuer);
    }
    expect(asked).toEqual([one.issuer, other.issuer]);
    const forged = one.accessToken({}, { signedBy: other.signingKey });
    expect(await refusal(verifier, forged)).toMatchObject({ code: 'bad_signature' });
  });

  it('resolves an issuer once for tokens that arrive at the same time', async () => {
    const verifier = aVerifier({ resolve: (iss) => Promise.resolve(fromTenants(iss)) });
    const tokens = Array.from({ length: 20 }, () => one.accessToken());
    await Promise.all(tokens.map(async (token) => verifier.verify(token)));
    expect(asked).toEqual([one.issuer]);
  });

  it('refuses an issuer that the application does not know, and sends it no request', async () => {
    const stranger = await TestIssuer.start();
    const verifier = aVerifier();
    const first = await refusal(verifier, stranger.accessToken());
    expect(first).toMatchObject({ code: 'wrong_issuer' });
    expect(first.words).toContain('is not trusted');
    await refusal(verifier, stranger.accessToken());
    expect(asked).toEqual([stranger.issuer]);
    expect(stranger.fetches).toBe(0);
    await stranger.close();
  });

  it('accepts a refused issuer after ten seconds, if the application knows it then', async () => {
    tenants.delete(one.issuer);
    const verifier = aVerifier();
    expect(await refusal(verifier, one.accessToken())).toMatchObject({ code: 'wrong_issuer' });
    tenants.set(one.issuer, tenant(one));
    clock.advance({ seconds: 10 });
    expect(await refusal(verifier, one.accessToken())).toMatchObject({ subject: 'alice' });
  });

  it('refuses a removed issuer within resolveSeconds, also its cached tokens', async () => {
    const verifier = aVerifier();
    const token = one.accessToken();
    for (let i = 0; i < 3; i += 1) await verifier.verify(token);
    expect(verifier.verify(token)).not.toBeInstanceOf(Promise);
    tenants.delete(one.issuer);
    clock.advance({ seconds: 59 });
    expect(await refusal(verifier, token)).toMatchObject({ subject: 'alice' });
    clock.advance({ seconds: 1 });
    expect(await refusal(verifier, token)).toMatchObject({ code: 'wrong_issuer' });
    expect(await refusal(verifier, one.accessToken())).toMatchObject({ code: 'wrong_issuer' });
  });

  it('keeps the keys of an issuer that it resolves again with the same options', async () => {
    const verifier = aVerifier();
    await verifier.verify(one.accessToken());
    clock.advance({ seconds: 60 });
    await verifier.verify(one.accessToken());
    expect(asked).toEqual([one.issuer, one.issuer]);
    expect(one.fetches).toBe(1);
  });

  it('applies new options within resolveSeconds, also to cached tokens', async () => {
    const verifier = aVerifier();
    const token = one.accessToken();
    for (let i = 0; i < 3; i += 1) await verifier.verify(token);
    tenants.set(one.issuer, { ...tenant(one), audience: 'https://moved.example' });
    clock.advance({ seconds: 60 });
    expect(await refusal(verifier, token)).toMatchObject({ code: 'wrong_audience' });
  });

  it('replaces the issuer that was used least recently when there are maxIssuers', async () => {
    const verifier = aVerifier({ maxIssuers: 1 });
    const token = one.accessToken();
    for (let i = 0; i < 3; i += 1) await verifier.verify(token);
    await verifier.verify(other.accessToken());
    expect(await refusal(verifier, token)).toMatchObject({ subject: 'alice' });
    expect(asked).toEqual([one.issuer, other.issuer, one.issuer]);
  });
});

describe('The function resolve', () => {
  it.each([
    ['another issuer', (): IssuerOptions => tenant(other), 'options for another issuer'],
    ['no algorithms', (): IssuerOptions => ({ ...tenant(one), algorithms: [] }), 'algorithms'],
    ['HMAC', (): object => ({ ...tenant(one), algorithms: ['HS256'] }), 'not HS256'],
    [
      'an unknown option',
      (): object => ({ ...tenant(one), jwksUrl: 'x' }),
      'did you mean `resolve().jwksUri`',
    ],
    [
      'keys over http',
      (): IssuerOptions => ({ ...tenant(one), jwksUri: 'http://a.example' }),
      'https',
    ],
    ['text', () => 'issuer', 'refused'],
  ])('makes the issuer untrusted when it returns %s', async (_name, resolve, words) => {
    const verifier = aVerifier({ resolve: resolve as Resolve });
    const { code, words: logged } = await refusal(verifier, one.accessToken());
    expect(code).toBe('wrong_issuer');
    expect(logged).toContain(words);
    expect(one.fetches).toBe(0);
  });

  it.each([
    ['throws', () => failing()],
    ['rejects', () => Promise.reject(new Error('The database is down'))],
  ])('makes tokens unavailable, and not invalid, when it %s', async (_name, resolve) => {
    let isDown = true;
    const verifier = aVerifier({ resolve: (iss) => (isDown ? resolve() : fromTenants(iss)) });
    const { code, words } = await refusal(verifier, one.accessToken());
    expect(code).toBe('keys_unavailable');
    expect(words).toContain('The database is down');
    isDown = false;
    expect(await refusal(verifier, one.accessToken())).toMatchObject({ code });
    clock.advance({ seconds: 2 });
    expect(await refusal(verifier, one.accessToken())).toMatchObject({ subject: 'alice' });
  });

  it('makes tokens unavailable when it does not answer within keySet.timeoutMs', async () => {
    const verifier = aVerifier({ resolve: () => new Promise(() => undefined) }, 50);
    const { code, words } = await refusal(verifier, one.accessToken());
    expect(code).toBe('keys_unavailable');
    expect(words).toContain('did not answer within 50 ms');
  });

  it.each([undefined, null, '', 7, ['https://a.example'], {}, 'a'.repeat(513)])(
    'gets no call for the iss %j',
    async (iss) => {
      const { code } = await refusal(aVerifier(), one.accessToken({ iss }));
      expect(code).toBe('wrong_issuer');
      expect(asked).toEqual([]);
    },
  );

  it('runs at most 32 times at once for unknown issuers, and still for a known one', async () => {
    const pending: (() => void)[] = [];
    const verifier = createVerifier({
      audience: AUDIENCE,
      issuers: {
        allowsPrivateAddresses: true,
        resolve: (iss) => {
          const found = fromTenants(iss);
          return found ?? new Promise((end) => pending.push(() => end(undefined)));
        },
      },
      ...clock.options,
    });
    await verifier.verify(one.accessToken());
    clock.advance({ seconds: 60 });
    const flood = Array.from({ length: 100 }, (_, i) =>
      refusal(verifier, one.accessToken({ iss: `https://${i}.example` })),
    );
    await waitUntil(() => pending.length === 32);
    expect(await refusal(verifier, one.accessToken())).toMatchObject({ subject: 'alice' });
    for (const end of pending) end();
    const codes = (await Promise.all(flood)).map(({ code }) => code);
    expect(codes.filter((code) => code === 'wrong_issuer')).toHaveLength(32);
    expect(codes.filter((code) => code === 'keys_unavailable')).toHaveLength(68);
  });
});

describe('A tenant with a private address', () => {
  it.each([
    ['its issuer', '127.0.0.1', (origin: string) => ({ issuer: origin, algorithms: ['ES256'] })],
    ['a host name in jwksUri', 'localhost', localKeys],
  ] as const)('gets no request by %s', async (_name, host, options) => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end();
    });
    const { port } = new URL(await listenOnLoopback(server));
    const verifier = aVerifier({
      resolve: () => options(`http://${host}:${port}`) as IssuerOptions,
      allowsPrivateAddresses: false,
    });
    const iss = options(`http://${host}:${port}`).issuer;
    const { code, words } = await refusal(verifier, one.accessToken({ iss }));
    expect(code).toBe('keys_unavailable');
    expect(words).toMatch(/private address (127\.0\.0\.1|::1)/);
    expect(requests).toBe(0);
    await closeServer(server);
  });
});

describe('A verifier with issuers at run time, beside its checks,', () => {
  it('resolves ready() before it knows an issuer, and describes tokens of those it knows', async () => {
    const verifier = aVerifier();
    await verifier.ready();
    const token = one.accessToken();
    const { kid } = one.signingKey;
    expect(verifier.describe(token)).toEqual({ kid });
    await verifier.verify(token);
    expect(verifier.describe(token)).toEqual({ issuer: one.issuer, kid });
    expect(asked).toEqual([one.issuer]);
  });

  it('ends an open connection when its tenant is removed', async () => {
    const verifier = aVerifier();
    const token = await verifier.verify(one.accessToken());
    expect(verifier.remainingMs(token)).toBe(60_000);
    clock.advance({ seconds: 60 });
    expect(verifier.remainingMs(token)).toBe(1000);
    await waitUntil(() => verifier.remainingMs(token) === 60_000);
    tenants.delete(one.issuer);
    clock.advance({ seconds: 60 });
    expect(verifier.remainingMs(token)).toBe(1000);
    await waitUntil(() => verifier.remainingMs(token) === 0);
  });

  it.each([
    [{}, '`issuers` must be a list of objects'],
    [{ resolve: 'x' }, '`issuers.resolve` must be a function'],
    [{ resolve: fromTenants, resolveSeconds: 0 }, '`issuers.resolveSeconds` must be a number'],
    [{ resolve: fromTenants, maxIssuer: 1 }, 'did you mean `issuers.maxIssuers`?'],
  ])('refuses the options %j at boot', (issuers, words) => {
    const options = { audience: AUDIENCE, issuers: issuers as IssuersAtRunTime };
    expect(() => createVerifier(options)).toThrow(words);
  });
});

function failing(): never {
  throw new Error('The database is down');
}

function localKeys(origin: string) {
  return { issuer: 'https://tenant.example', algorithms: ['ES256'], jwksUri: `${origin}/keys` };
}
