import type { INestApplication } from '@nestjs/common';
import type { Rejection } from '../../../src/index.js';
import { generateSigningKey, TestIssuer } from '../../../testing/index.js';
import { TestClock } from '../../support/test-clock.js';
import { platforms } from '../../support/guarded-app.js';
import { errorCodes, queryBatch, queryGraph } from '../../support/graphql-client.js';
import { type Graph, guardedGraph } from '../../support/guarded-graph.js';
import { it } from '../../support/slow-test.js';

const clock = new TestClock();
let issuer: TestIssuer;
let app: INestApplication;
let rejections: Rejection[];

beforeEach(async () => {
  rejections = [];
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

const guards = () => ({
  ...issuer.options,
  ...clock.options,
  onRejected: (rejection: Rejection) => rejections.push(rejection),
});
const start = (graph: Omit<Graph, 'guards'> = {}) => guardedGraph({ guards: guards(), ...graph });
const reader = () => issuer.accessToken({ scope: 'orders:read' });
const withStatus = { graphql: { preserveHttpStatusForExecutionErrors: false } };

describe.each(platforms)('GraphQL on %s', (_platform, adapter) => {
  beforeEach(async () => {
    app = await start({ adapter, ...withStatus });
  });

  it('answers a query and its field resolvers for a token with the scope', async () => {
    const { status, data } = await queryGraph(app, '{ orders { id label } }', reader());

    expect(status).toBe(200);
    expect(data?.['orders']).toContainEqual({ id: '1', label: 'order 1 for alice' });
  });

  it('answers a mutation only for a token with the scope', async () => {
    const place = 'mutation { place { owner } }';

    const writer = issuer.accessToken({ scope: 'orders:write' });
    expect((await queryGraph(app, place, writer)).data).toEqual({ place: { owner: 'alice' } });
    expect((await queryGraph(app, place, reader())).codes).toEqual(['FORBIDDEN']);
  });

  it('answers a query without a token with a bare challenge and no details (RFC 6750 §3.1)', async () => {
    const { status, headers, data, errors } = await queryGraph(app, '{ audited }');

    const challenge =
      'Bearer resource_metadata="https://api.example/.well-known/oauth-protected-resource", scope="orders:audit"';
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe(challenge);
    expect(data).toEqual({ audited: null });
    expect(errors).toMatchObject([{ message: 'Unauthorized', path: ['audited'] }]);
    expect(errors[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', challenge });
  });

  it('names the scopes of all refused fields of a query (RFC 6750 §3)', async () => {
    const query = '{ audited tenant }';
    const answers = [
      await queryGraph(app, query),
      await queryGraph(app, query, issuer.accessToken({ scope: 'other' })),
    ];
    for (const { headers } of answers) {
      expect(headers.get('www-authenticate')).toContain('scope="orders:audit orders:read"');
    }
  });

  it('names the missing scope (RFC 6750 §3.1)', async () => {
    const { status, headers, codes, errors } = await queryGraph(app, '{ audited }', reader());

    expect(status).toBe(403);
    expect(codes).toEqual(['FORBIDDEN']);
    expect(headers.get('www-authenticate')).toContain('scope="orders:audit"');
    expect(errors[0]?.extensions?.['challenge']).toBe(headers.get('www-authenticate'));
  });

  it('answers 503 with Retry-After and without a challenge while the keys are unavailable', async () => {
    issuer.fail();

    const { status, headers, errors } = await queryGraph(app, '{ audited }', reader());

    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(headers.get('www-authenticate')).toBeNull();
    expect(errors[0]?.extensions).toEqual({ code: 'SERVICE_UNAVAILABLE' });
  });
});

describe('answer to a refused token', () => {
  const bad: [reason: string, token: () => string][] = [
    ['wrong_audience', () => issuer.accessToken({ aud: 'https://other.example' })],
    ['expired', () => issuer.accessToken({ exp: 1 })],
    ['bad_signature', () => issuer.accessToken({}, { signedBy: generateSigningKey('ES256') })],
    ['malformed_token', () => 'no.token'],
  ];

  it.each(bad)('hides the reason %s', async (reason, token) => {
    app = await start();

    const { errors } = await queryGraph(app, '{ audited }', token());

    expect(rejections.map((rejection) => rejection.reason)).toEqual([reason]);
    expect(errors.map(({ message }) => message)).toEqual(['Unauthorized']);
    expect(errors[0]?.extensions).toEqual({
      code: 'UNAUTHENTICATED',
      challenge: expect.stringContaining('error="invalid_token"'),
    });
  });

  it('answers 400 to tokens in header and query (RFC 6750 §2)', async () => {
    app = await start(withStatus);

    const answer = await fetch(`${await app.getUrl()}/graphql?access_token=${reader()}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${reader()}` },
      body: JSON.stringify({ query: '{ audited }' }),
    });

    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      errors: [{ extensions: { code: 'BAD_REQUEST' } }],
    });
  });
});

describe('access decorators of resolvers', () => {
  beforeEach(async () => {
    app = await start();
  });

  it('answers a @Public() query without a token and with an invalid one', async () => {
    expect((await queryGraph(app, '{ prices }')).data).toEqual({ prices: [1, 2] });
    expect((await queryGraph(app, '{ prices }', 'no.token')).data).toEqual({ prices: [1, 2] });
  });

  it('answers an @OptionalToken() query without a token and refuses an invalid one', async () => {
    expect((await queryGraph(app, '{ greeting }')).data).toEqual({ greeting: 'Hello stranger' });
    expect((await queryGraph(app, '{ greeting }', reader())).data).toEqual({
      greeting: 'Hello alice',
    });
    expect((await queryGraph(app, '{ greeting }', 'no.token')).codes).toEqual(['UNAUTHENTICATED']);
  });

  it('requires one scope of @RequireAnyScope() and injects @AccessToken() and @Claim()', async () => {
    const admin = issuer.accessToken({ scope: 'admin' });

    expect((await queryGraph(app, '{ caller }', admin)).data).toEqual({
      caller: 'alice by test-client',
    });
    expect((await queryGraph(app, '{ caller }', issuer.accessToken())).codes).toEqual([
      'FORBIDDEN',
    ]);
  });

  it('refuses a token without the claim of @Claim() or with another type', async () => {
    const scope = 'orders:read';
    const tenant = (claims: object) =>
      queryGraph(app, '{ tenant }', issuer.accessToken({ scope, ...claims }));

    expect((await tenant({ tenant: 'acme' })).data).toEqual({ tenant: 'acme' });
    expect((await tenant({})).codes).toEqual(['FORBIDDEN']);
    expect((await tenant({ tenant: ['acme'] })).codes).toEqual(['FORBIDDEN']);
  });

  it('lets a @Policy() decide by the arguments of the field', async () => {
    const token = issuer.accessToken();

    expect((await queryGraph(app, '{ order(id: "1") { id } }', token)).data).toEqual({
      order: { id: '1' },
    });
    expect(await queryGraph(app, '{ order(id: "2") { id } }', token)).toMatchObject({
      data: { order: null },
      codes: ['FORBIDDEN'],
    });
  });
});

describe('HTTP status of a partly refused operation', () => {
  it('answers 200 when a nullable field is refused and another field is answered', async () => {
    app = await start(withStatus);

    const { status, data, codes } = await queryGraph(app, '{ audited prices }');

    expect({ status, codes }).toEqual({ status: 200, codes: ['UNAUTHENTICATED'] });
    expect(data).toEqual({ audited: null, prices: [1, 2] });
  });

  it.each([
    ['a field that is not nullable', '{ orders { id } prices }', null],
    [
      'every field',
      '{ a: audited ...More } fragment More on Query { b: audited }',
      { a: null, b: null },
    ],
  ])('answers 401 when the guard refuses %s', async (_name, query, data) => {
    app = await start(withStatus);

    expect(await queryGraph(app, query)).toMatchObject({ status: 401, data });
  });

  it('answers 200 when one operation of a batch is refused', async () => {
    app = await start({ graphql: { ...withStatus.graphql, allowBatchedHttpRequests: true } });

    const { status, outcomes } = await queryBatch(app, ['{ audited }', '{ prices }']);

    expect(status).toBe(200);
    expect(errorCodes(outcomes[0] ?? {})).toEqual(['UNAUTHENTICATED']);
    expect(outcomes[1]?.data).toEqual({ prices: [1, 2] });
  });
});

describe('aliases of one field in an operation', () => {
  const aliases = (field: string) =>
    `{ ${Array.from({ length: 300 }, (_, i) => `a${i}: ${field}`).join(' ')} }`;

  it('reports the refusal of 300 aliases once', async () => {
    app = await start();

    const { codes } = await queryGraph(app, aliases('audited'), reader());

    expect(new Set(codes)).toEqual(new Set(['FORBIDDEN']));
    expect(codes).toHaveLength(300);
    expect(rejections.map(({ reason }) => reason)).toEqual(['insufficient_scope']);
  });

  it('verifies the token once for 300 aliases, so it reads the clock as often as for one field', async () => {
    let reads = 0;
    const now = () => {
      reads += 1;
      return clock.now();
    };
    app = await guardedGraph({ guards: { ...guards(), now } });
    const countReads = async (query: string) => {
      const before = reads;
      await queryGraph(app, query, issuer.accessToken({ exp: 1 }));
      return reads - before;
    };
    await countReads('{ audited }');

    expect(await countReads(aliases('audited'))).toBe(await countReads('{ audited }'));
  });

  it('fetches the key set once for 300 aliases with an unknown key', async () => {
    app = await start();
    await queryGraph(app, '{ audited }', reader());
    const fetches = issuer.fetches;
    clock.advance({ seconds: 60 });

    const unknownKeyToken = issuer.accessToken({}, { header: { kid: 'unknown' } });
    await queryGraph(app, aliases('audited'), unknownKeyToken);

    expect(issuer.fetches).toBe(fetches + 1);
    expect(rejections.map(({ reason }) => reason)).toEqual(['insufficient_scope', 'unknown_key']);
  });
});

describe('GraphQL context of the application', () => {
  it.each([
    ['has no request', { req: {} }],
    ['has a request without headers', { req: { headers: null } }],
    [
      'has headers of another kind',
      { req: { headers: new Headers({ authorization: 'Bearer x' }) } },
    ],
  ])('finds no token in a context that %s', async (_name, context) => {
    app = await start({ graphql: { context: () => context } });

    expect((await queryGraph(app, '{ audited }', reader())).codes).toEqual(['UNAUTHENTICATED']);
    expect((await queryGraph(app, '{ greeting }', reader())).data).toEqual({
      greeting: 'Hello stranger',
    });
  });
});
