import type { INestApplication } from '@nestjs/common';
import type { Client } from 'graphql-ws';
import type { Rejection } from '../../../src/index.js';
import { parseCompactJws } from '../../../src/core/jws.js';
import { TestIssuer } from '../../../testing/index.js';
import { TestClock } from '../../support/test-clock.js';
import { platforms } from '../../support/guarded-app.js';
import {
  bearerConnection,
  connect,
  type Connection,
  errorCodes,
  type GraphQLResult,
  nextResult,
} from '../../support/graphql-client.js';
import { waitUntil } from '../../support/wait-until.js';
import {
  type Feed,
  type Graph,
  guardedGraph,
  OrdersResolver,
} from '../../support/guarded-graph.js';
import { it } from '../../support/slow-test.js';

const PLACED = 'subscription { placed { id label } }';
const ORDER = { id: '7', owner: 'alice' };

let clock: TestClock;
let issuer: TestIssuer;
let app: INestApplication;
let feed: Feed;
let rejections: Rejection[];
const clients: Client[] = [];

beforeEach(async () => {
  clock = new TestClock();
  rejections = [];
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose();
  await app.close();
  await issuer.close();
});

async function start(graph: Omit<Graph, 'guards'> = {}): Promise<void> {
  const onRejected = (rejection: Rejection) => rejections.push(rejection);
  app = await guardedGraph({
    guards: { ...issuer.options, ...clock.options, onRejected },
    ...graph,
  });
  feed = app.get(OrdersResolver).feed;
}

async function client(connection: Connection): Promise<Client> {
  const connected = await connect(app, connection);
  clients.push(connected);
  return connected;
}

const reader = () => issuer.accessToken({ scope: 'orders:read' });
/** The epoch second at which a token is refused: `exp` and the tolerance of 5 seconds. */
const findEnd = (token = '') => Number(parseCompactJws(token).claims['exp']) + 5;
const advanceAlmostTo = (epochSeconds: number) =>
  clock.advance({ seconds: epochSeconds - 0.2 - clock.now() / 1000 });

async function firstResult(connection: Connection, query = PLACED): Promise<GraphQLResult> {
  return nextResult(await client(connection), query);
}

describe.each(platforms)('subscription on %s', (_platform, adapter) => {
  beforeEach(() => start({ adapter }));

  it.each(['placed', 'placedByMe'])(
    'delivers events of %s for a token with the scope',
    async (field) => {
      const outcome = firstResult(
        bearerConnection(reader()),
        `subscription { ${field} { id label } }`,
      );
      await waitUntil(() => feed.listeners === 1);
      feed.send(ORDER);

      expect((await outcome).data).toEqual({ [field]: { id: '7', label: 'order 7 for alice' } });
      await waitUntil(() => feed.listeners === 0);
    },
  );

  it.each(['placed', 'placedByMe'])(
    'refuses %s without a token and adds no listener',
    async (field) => {
      const { data, errors } = await firstResult({}, `subscription { ${field} { id } }`);

      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.extensions).toEqual({
        code: 'UNAUTHENTICATED',
        challenge: expect.stringMatching(/^Bearer (?!error)/),
      });
      expect(feed.listeners).toBe(0);
    },
  );

  it('refuses a token without the scope and names the scope (RFC 6750 §3.1)', async () => {
    const { errors } = await firstResult(bearerConnection(issuer.accessToken()));

    expect(errors?.[0]?.extensions).toEqual({
      code: 'FORBIDDEN',
      challenge: expect.stringContaining('scope="orders:read"'),
    });
  });

  it('closes the connection with 4403 when the token expires', async () => {
    const token = reader();
    advanceAlmostTo(findEnd(token));
    const closed: unknown[] = [];
    const on = { closed: (event: unknown) => closed.push(event) };
    const outcome = firstResult({ ...bearerConnection(token), on });
    await waitUntil(() => feed.listeners === 1);
    clock.advance({ seconds: 1 });

    await expect(outcome).rejects.toMatchObject({ code: 4403, reason: 'invalid_token' });
    await waitUntil(() => feed.listeners === 0);
    expect(closed).toHaveLength(1);
  });
});

describe('subscription with an expired token', () => {
  it('delivers events to a client that reconnects with a new token', async () => {
    await start();
    const tokens = [reader()];
    advanceAlmostTo(findEnd(tokens[0]));
    let connections = 0;
    const connected = await client({
      connectionParams: () => ({ authorization: `Bearer ${tokens.at(-1)}` }),
      retryAttempts: 1,
      retryWait: () => waitUntil(() => feed.listeners === 0),
      on: { connected: () => (connections += 1) },
    });
    const outcome = nextResult(connected, PLACED);
    await waitUntil(() => feed.listeners === 1);
    tokens.push(reader());
    clock.advance({ seconds: 1 });

    await waitUntil(() => connections === 2 && feed.listeners === 1);
    feed.send(ORDER);
    expect(errorCodes(await outcome)).toEqual([]);
  });

  it('closes the connection when the token exceeds `maxTokenAgeSeconds`', async () => {
    app = await guardedGraph({
      guards: { ...issuer.options, ...clock.options, maxTokenAgeSeconds: 60 },
    });
    feed = app.get(OrdersResolver).feed;
    const token = reader();
    advanceAlmostTo(findEnd(token) - 240);
    const outcome = firstResult(bearerConnection(token));
    await waitUntil(() => feed.listeners === 1);
    clock.advance({ seconds: 1 });

    await expect(outcome).rejects.toMatchObject({ code: 4403 });
  });

  it('refuses a new operation on the connection of an expired token', async () => {
    await start();
    const token = reader();
    const connected = await client({ ...bearerConnection(token), lazy: false });
    expect(errorCodes(await nextResult(connected, '{ orders { id } }'))).toEqual([]);
    clock.advance({ seconds: 306 });

    expect(errorCodes(await nextResult(connected, '{ orders { id } }'))).toEqual([
      'UNAUTHENTICATED',
    ]);
    expect(rejections.map(({ reason }) => reason)).toEqual(['expired']);
  });
});

describe('place of the token in a connection', () => {
  const authorization = () => `Bearer ${reader()}`;
  const caller = '{ caller }';

  beforeEach(() => start());

  it.each([
    [
      '`Authorization` of the connection parameters',
      () => ({ connectionParams: { Authorization: authorization() } }),
    ],
    [
      '`AUTHORIZATION` of the connection parameters',
      () => ({ connectionParams: { AUTHORIZATION: authorization() } }),
    ],
    ['`connectionParams.authToken`', () => ({ connectionParams: { authToken: reader() } })],
    ['`connectionParams.token`', () => ({ connectionParams: { token: authorization() } })],
    ['`connectionParams.access_token`', () => ({ connectionParams: { access_token: reader() } })],
    [
      '`connectionParams` without a scheme',
      () => ({ connectionParams: { Authorization: reader() } }),
    ],
    [
      '`connectionParams.headers`',
      () => ({ connectionParams: { headers: { Authorization: authorization() } } }),
    ],
    ['the header of the upgrade', () => ({ headers: { authorization: authorization() } })],
  ])('accepts a token in %s', async (_name, connection) => {
    expect((await firstResult(connection(), caller)).data).toEqual({
      caller: 'alice by test-client',
    });
  });

  it.each<[string, () => Connection]>([
    [
      'in two spellings',
      () => ({
        connectionParams: { authorization: authorization(), Authorization: authorization() },
      }),
    ],
    [
      'in the parameters and in the header',
      () => ({ ...bearerConnection(reader()), headers: { authorization: authorization() } }),
    ],
    [
      'in the parameters and in the query (RFC 6750 §2.3)',
      () => ({ ...bearerConnection(reader()), query: `?access_token=${reader()}` }),
    ],
  ])('answers BAD_REQUEST to a token %s', async (_name, connection) => {
    expect(errorCodes(await firstResult(connection(), caller))).toEqual(['BAD_REQUEST']);
    expect(rejections.map(({ reason }) => reason)).toEqual(['several_credentials']);
  });

  it('answers BAD_REQUEST to a token as a list, and says where it belongs', async () => {
    const connectionParams = { authorization: [authorization()] };
    const { errors } = await firstResult({ connectionParams }, caller);
    const challenge = expect.stringContaining('as connectionParams.authorization"');
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST', challenge } }]);
  });

  it('reads no token from the query (RFC 9700 §4.3.2)', async () => {
    const query = `?access_token=${reader()}`;

    expect(errorCodes(await firstResult({ query }, caller))).toEqual(['UNAUTHENTICATED']);
  });
});

describe('application with its own GraphQL context', () => {
  type ContextSource = { req?: object; extra?: { request: object } };
  const withContext = (context: (source: ContextSource) => object) =>
    start({ graphql: { context } });
  const header = () => ({ headers: { authorization: `Bearer ${reader()}` } });

  it('finds the token with a custom context, because Nest adds the connection as `req`', async () => {
    await withContext(() => ({ loaders: {} }));

    const outcome = firstResult(bearerConnection(reader()));
    await waitUntil(() => feed.listeners === 1);
    feed.send(ORDER);
    expect(errorCodes(await outcome)).toEqual([]);
  });

  it('finds no token if a custom context hides the connection', async () => {
    await withContext(() => ({ req: {} }));

    expect(errorCodes(await firstResult(bearerConnection(reader())))).toEqual(['UNAUTHENTICATED']);
  });

  it('refuses subscriptions if a custom context has only the upgrade request, which cannot end them', async () => {
    await withContext(({ req, extra }) => ({ req: req ?? extra?.request }));

    expect(errorCodes(await firstResult(header(), '{ caller }'))).toEqual([]);
    expect(errorCodes(await firstResult(header()))).toEqual(['UNAUTHENTICATED']);
  });
});
