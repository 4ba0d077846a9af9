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

describe.each(libraries)('a message by %s', (_name, { adapter, connect }) => {
  async function connected(token: string | undefined, gateway: Type = OrdersGateway) {
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    app = await startGateways(adapter, {
      guards: { ...issuer.options, now: clock.now, onRejected },
      gateways: [gateway],
    });
    const client = await connect(app, token === undefined ? {} : bearer(token));
    clients.push(client);
    return client;
  }

  it('is answered for a token that reaches it', async () => {
    const client = await connected(reader());
    client.send('orders');

    expect(await client.next('orders')).toBe('alice');
  });

  it('is refused a token without its scope, told which, and the connection stays (RFC 6750 §3.1)', async () => {
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

  it('is refused when the token has expired, and the connection ends', async () => {
    const client = await connected(reader());
    clock.advance({ seconds: 306 });
    client.send('orders');

    expect(await client.next('exception')).toMatchObject({ code: 'invalid_token' });
    expect(['io server disconnect', 4401]).toContain(await client.closed);
    expect(app.get(OrdersGateway).handled).toEqual([]);
    expect(reasons()).toEqual(['expired']);
  });

  it('is refused when its key has been withdrawn, and the connection ends', async () => {
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

  it('of a stranger is refused where it needs a token, and the connection stays', async () => {
    const client = await connected(undefined, LobbyGateway);
    client.send('order');

    expect(await client.next('exception')).toMatchObject({
      message: 'Unauthorized',
      challenge: expect.stringMatching(/^Bearer (?!error)/),
    });
    client.send('hello');
    expect(await client.next('hello')).toBe('stranger');
  });

  it('knows its caller where the token is optional', async () => {
    const client = await connected(reader(), LobbyGateway);
    client.send('hello');

    expect(await client.next('hello')).toBe('alice');
  });

  it('to a @Public() handler is answered whatever has become of the token', async () => {
    const client = await connected(reader());
    clock.advance({ seconds: 306 });
    client.send('prices');

    expect(await client.next('prices')).toEqual([1, 2]);
  });

  it('is decided once, however often Nest asks', async () => {
    let decisions = 0;

    @WebSocketGateway()
    @GuardedGateway()
    class PoliticalGateway {
      @SubscribeMessage('vote')
      @Policy(() => {
        decisions += 1;
        return true;
      })
      vote() {
        return { event: 'voted', data: true };
      }
    }
    const client = await connected(reader(), PoliticalGateway);
    client.send('vote');

    expect(await client.next('voted')).toBe(true);
    expect(decisions).toBe(1);
  });
});
