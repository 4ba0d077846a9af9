import type { INestApplication, Type } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Policy, type Rejection } from '../../../src/index.js';
import { GuardedGateway } from '../../../src/websockets/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { TestClock } from '../../support/test-clock.js';
import { bearer, type Client } from '../../support/websocket-clients.js';
import {
  libraries,
  LobbyGateway,
  OrdersGateway,
  startGateways,
} from '../../support/guarded-gateway.js';

let clock: TestClock;
let issuer: TestIssuer;
let app: INestApplication;
let rejections: Rejection[];
const clients: Client[] = [];

beforeEach(async () => {
  clock = new TestClock();
  rejections = [];
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await app.close();
  await issuer.close();
});

const reader = () => issuer.accessToken({ scope: 'orders:read' });
const reasons = () => rejections.map(({ reason }) => reason);

describe.each(libraries)('message over %s', (_name, { adapter, connect }) => {
  async function connected(token: string | undefined, gateway: Type = OrdersGateway) {
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    app = await startGateways(adapter, {
      guards: { ...issuer.options, ...clock.options, onRejected },
      gateways: [gateway],
    });
    const client = await connect(app, token === undefined ? {} : bearer(token));
    clients.push(client);
    return client;
  }

  it('returns an answer for a token with the scope', async () => {
    const client = await connected(reader());
    client.send('orders');

    expect(await client.next('orders')).toBe('alice');
  });

  it('fails without the scope, names it, and keeps the connection (RFC 6750 §3.1)', async () => {
    const client = await connected(reader());
    client.send('cancel', { id: '1' });

    expect(await client.next('exception')).toEqual({
      status: 'error',
      message: 'Forbidden',
      code: 'insufficient_scope',
      challenge: expect.stringContaining('scope="orders:write"'),
      cause: { pattern: 'cancel', data: { id: '1' } },
    });
    client.send('orders');
    expect(await client.next('orders')).toBe('alice');
    expect(app.get(OrdersGateway).handled).toEqual(['orders']);
    expect(reasons()).toEqual(['insufficient_scope']);
  });

  it('fails and ends the connection when the token has expired', async () => {
    const client = await connected(reader());
    clock.advance({ seconds: 306 });
    client.send('orders');

    expect(await client.next('exception')).toMatchObject({ code: 'invalid_token' });
    expect(['io server disconnect', 4401]).toContain(await client.closed);
    expect(app.get(OrdersGateway).handled).toEqual([]);
    expect(reasons()).toEqual(['expired']);
  });

  it('fails and ends the connection when the key of the token is withdrawn', async () => {
    const client = await connected(reader());
    const { kid } = issuer.signingKey;
    issuer.rotate();
    issuer.removeKey(kid);
    clock.advance({ seconds: 200 });
    await expect(
      connect(app, bearer(issuer.accessToken({}, { header: { kid: 'new' } }))),
    ).rejects.toThrow();
    client.send('orders');

    expect(await client.next('exception')).toMatchObject({ code: 'invalid_token' });
    await client.closed;
    expect(reasons()).toEqual(['unknown_key', 'unknown_key']);
  });

  it('fails for a client without a token where one is required, and keeps the connection', async () => {
    const client = await connected(undefined, LobbyGateway);
    client.send('order');

    expect(await client.next('exception')).toMatchObject({
      message: 'Unauthorized',
      challenge: expect.stringMatching(/^Bearer (?!error)/),
    });
    client.send('hello');
    expect(await client.next('hello')).toBe('stranger');
  });

  it('passes an optional token to the handler', async () => {
    const client = await connected(reader(), LobbyGateway);
    client.send('hello');

    expect(await client.next('hello')).toBe('alice');
  });

  it('reaches a @Public() handler after the token has expired', async () => {
    const client = await connected(reader());
    clock.advance({ seconds: 306 });
    client.send('prices');

    expect(await client.next('prices')).toEqual([1, 2]);
  });

  it('runs the policy once, although Nest calls the guard several times', async () => {
    let decisions = 0;

    @WebSocketGateway()
    @GuardedGateway()
    class VotesGateway {
      @SubscribeMessage('vote')
      @Policy(() => {
        decisions += 1;
        return true;
      })
      vote() {
        return { event: 'voted', data: true };
      }
    }
    const client = await connected(reader(), VotesGateway);
    client.send('vote');

    expect(await client.next('voted')).toBe(true);
    expect(decisions).toBe(1);
  });
});
