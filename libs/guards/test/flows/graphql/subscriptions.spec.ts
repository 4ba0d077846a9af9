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
  waitUntil,
} from '../../support/graphql-client.js';
import {
  type Feed,
  type Graph,
  guardedGraph,
  OrdersResolver,
} from '../../support/guarded-graph.js';

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
  app = await guardedGraph({ guards: { ...issuer.options, now: clock.now, onRejected }, ...graph });
  feed = app.get(OrdersResolver).feed;
}

async function client(connection: Connection): Promise<Client> {
  const connected = await connect(app, connection);
  clients.push(connected);
  return connected;
}

const reader = () => issuer.accessToken({ scope: 'orders:read' });
/** When it is accepted no longer, by the tolerance of 5 seconds, in epoch seconds. */
const endOf = (token = '') => Number(parseCompactJws(token).claims['exp']) + 5;
const almost = (epochSeconds: number) => clock.advance(epochSeconds - 0.2 - clock.now() / 1000);

async function outcomeFor(connection: Connection, query = PLACED): Promise<GraphQLResult> {
  return nextResult(await client(connection), query);
}

describe.each(platforms)('a subscription on %s', (_platform, adapter) => {
  beforeEach(() => start({ adapter }));

  it.each(['placed', 'placedByMe'])('%s gets events for a token that reaches it', async (field) => {
    const outcome = outcomeFor(
      bearerConnection(reader()),
      `subscription { ${field} { id label } }`,
    );
    await waitUntil(() => feed.listeners === 1);
    feed.send(ORDER);

    expect((await outcome).data).toEqual({ [field]: { id: '7', label: 'order 7 for alice' } });
    await waitUntil(() => feed.listeners === 0);
  });

  it.each(['placed', 'placedByMe'])(
    '%s is refused without one, and nothing listens',
    async (field) => {
      const { data, errors } = await outcomeFor({}, `subscription { ${field} { id } }`);

      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.extensions).toEqual({
        code: 'UNAUTHENTICATED',
        challenge: expect.stringMatching(/^Bearer (?!error)/),
      });
      expect(feed.listeners).toBe(0);
    },
  );

  it('is refused a token without its scope, and told which (RFC 6750 §3.1)', async () => {
    const { errors } = await outcomeFor(bearerConnection(issuer.accessToken()));

    expect(errors?.[0]?.extensions).toEqual({
      code: 'FORBIDDEN',
      challenge: expect.stringContaining('scope="orders:read"'),
    });
  });

  it('is over when its token is: the connection closes with 4403', async () => {
    const token = reader();
    almost(endOf(token));
    const closed: unknown[] = [];
    const on = { closed: (event: unknown) => closed.push(event) };
    const outcome = outcomeFor({ ...bearerConnection(token), on });
    await waitUntil(() => feed.listeners === 1);
    clock.advance(1);

    await expect(outcome).rejects.toMatchObject({ code: 4403, reason: 'invalid_token' });
    await waitUntil(() => feed.listeners === 0);
    expect(closed).toHaveLength(1);
  });
});

describe('when the token ends', () => {
  it('a client that asks for a token whenever it connects goes on with the next', async () => {
    await start();
    const tokens = [reader()];
    almost(endOf(tokens[0]));
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
    clock.advance(1);

    await waitUntil(() => connections === 2 && feed.listeners === 1);
    feed.send(ORDER);
    expect(errorCodes(await outcome)).toEqual([]);
  });

  it('its age ends it as well (`maxTokenAgeSeconds`)', async () => {
    app = await guardedGraph({
      guards: { ...issuer.options, now: clock.now, maxTokenAgeSeconds: 60 },
    });
    feed = app.get(OrdersResolver).feed;
    const token = reader();
    almost(endOf(token) - 240);
    const outcome = outcomeFor(bearerConnection(token));
    await waitUntil(() => feed.listeners === 1);
    clock.advance(1);

    await expect(outcome).rejects.toMatchObject({ code: 4403 });
  });

  it('a new operation on the same connection is refused', async () => {
    await start();
    const token = reader();
    const connected = await client({ ...bearerConnection(token), lazy: false });
    expect(errorCodes(await nextResult(connected, '{ orders { id } }'))).toEqual([]);
    clock.advance(306);

    expect(errorCodes(await nextResult(connected, '{ orders { id } }'))).toEqual([
      'UNAUTHENTICATED',
    ]);
    expect(rejections.map(({ reason }) => reason)).toEqual(['expired']);
  });
});

describe('where a connection may bear its token', () => {
  const authorization = () => `Bearer ${reader()}`;
  const caller = '{ caller }';

  beforeEach(() => start());

  it.each([
    [
      '`Authorization` of the connection',
      () => ({ connectionParams: { Authorization: authorization() } }),
    ],
    [
      '`AUTHORIZATION` of the connection',
      () => ({ connectionParams: { AUTHORIZATION: authorization() } }),
    ],
    ['the header of the upgrade', () => ({ headers: { authorization: authorization() } })],
  ])('%s', async (_name, connection) => {
    expect((await outcomeFor(connection(), caller)).data).toEqual({
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
      'in the header as well',
      () => ({ ...bearerConnection(reader()), headers: { authorization: authorization() } }),
    ],
    [
      'in the query as well (RFC 6750 §2.3)',
      () => ({ ...bearerConnection(reader()), query: `?access_token=${reader()}` }),
    ],
    ['as a list', () => ({ connectionParams: { authorization: [authorization()] } })],
  ])('not %s: that is a bad request', async (_name, connection) => {
    expect(errorCodes(await outcomeFor(connection(), caller))).toEqual(['BAD_REQUEST']);
    expect(rejections.map(({ reason }) => reason)).toEqual(['several_credentials']);
  });

  it('not the query (RFC 9700 §4.3.2)', async () => {
    const query = `?access_token=${reader()}`;

    expect(errorCodes(await outcomeFor({ query }, caller))).toEqual(['UNAUTHENTICATED']);
  });
});

describe('an application with a context of its own', () => {
  type Asked = { req?: object; extra?: { request: object } };
  const withContext = (context: (asked: Asked) => object) => start({ graphql: { context } });
  const header = () => ({ headers: { authorization: `Bearer ${reader()}` } });

  it('keeps its subscriptions: Nest adds the connection as `req`', async () => {
    await withContext(() => ({ loaders: {} }));

    const outcome = outcomeFor(bearerConnection(reader()));
    await waitUntil(() => feed.listeners === 1);
    feed.send(ORDER);
    expect(errorCodes(await outcome)).toEqual([]);
  });

  it('that hides the connection has no token', async () => {
    await withContext(() => ({ req: {} }));

    expect(errorCodes(await outcomeFor(bearerConnection(reader())))).toEqual(['UNAUTHENTICATED']);
  });

  it('that shows the upgrade request alone cannot subscribe: nothing could end it', async () => {
    await withContext(({ req, extra }) => ({ req: req ?? extra?.request }));

    expect(errorCodes(await outcomeFor(header(), '{ caller }'))).toEqual([]);
    expect(errorCodes(await outcomeFor(header()))).toEqual(['UNAUTHENTICATED']);
  });
});
