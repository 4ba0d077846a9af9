import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Ack, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io, type Socket } from 'socket.io-client';
import { type Rejection, RequireScopes } from '../../../src/index.js';
import { GuardedGateway } from '../../../src/websockets/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { TestClock } from '../../support/test-clock.js';
import { bearer, connectSocketIo, type Credentials } from '../../support/websocket-clients.js';
import { waitUntil } from '../../support/wait-until.js';
import { OrdersGateway, startGateways } from '../../support/guarded-gateway.js';

let clock: TestClock;
let issuer: TestIssuer;
let app: INestApplication;
let rejections: Rejection[];
const sockets: Socket[] = [];

beforeEach(async () => {
  clock = new TestClock();
  rejections = [];
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await app.close();
  await issuer.close();
});

const reader = () => issuer.accessToken({ scope: 'orders:read' });
const reasons = () => rejections.map(({ reason }) => reason);

async function start(gateway: NonNullable<Parameters<typeof startGateways>[1]['gateways']>[0]) {
  const onRejected = (rejection: Rejection) => rejections.push(rejection);
  app = await startGateways(IoAdapter, {
    guards: { ...issuer.options, ...clock.options, onRejected },
    gateways: [gateway],
  });
}

async function connectSocket(options: NonNullable<Parameters<typeof io>[1]>, path = '') {
  const socket = io(`${await app.getUrl()}${path}`, { forceNew: true, ...options });
  sockets.push(socket);
  return socket;
}

const nextEvent = (socket: Socket, event: string) =>
  new Promise<unknown>((resolve) => socket.once(event, resolve));

describe('credentials of a Socket.IO handshake', () => {
  beforeEach(() => start(OrdersGateway));

  it('accepts a token in `auth.token`, which a browser can set', async () => {
    const client = await connectSocketIo(app, { auth: { token: reader() } });
    client.send('orders');

    expect(await client.next('orders')).toBe('alice');
    client.close();
  });

  it.each<[string, () => Credentials, string]>([
    [
      'in header and `auth`',
      () => ({ ...bearer(reader()), auth: { token: reader() } }),
      'several_credentials',
    ],
    [
      'in `auth` and in the query (RFC 6750 §2.3)',
      () => ({ auth: { token: reader() }, query: { access_token: reader() } }),
      'several_credentials',
    ],
    ['that is an object', () => ({ auth: { token: { toString: 1 } } }), 'malformed_credentials'],
    ['that is null', () => ({ auth: { token: null } }), 'malformed_credentials'],
    [
      'twice in `auth`',
      () => ({ auth: { token: reader(), authorization: `Bearer ${reader()}` } }),
      'several_credentials',
    ],
    ['as a list', () => ({ auth: { token: [reader()] } }), 'malformed_credentials'],
    ['that is empty', () => ({ auth: { token: '' } }), 'malformed_credentials'],
    [
      'with two schemes',
      () => ({ auth: { token: `Bearer Bearer ${reader()}` } }),
      'malformed_credentials',
    ],
  ])('answers Bad Request to a token %s', async (_name, credentials, reason) => {
    await expect(connectSocketIo(app, credentials())).rejects.toThrow('Bad Request');
    expect(reasons()).toEqual([reason]);
  });

  it.each<[string, (token: string) => Record<string, unknown>]>([
    ['auth.token', (token) => ({ token })],
    ['auth.token with its scheme', (token) => ({ token: `Bearer ${token}` })],
    ['auth.token with a scheme in lower case', (token) => ({ token: `bearer ${token}` })],
    ['auth.authorization', (token) => ({ authorization: `Bearer ${token}` })],
    ['auth.Authorization', (token) => ({ Authorization: `Bearer ${token}` })],
    ['auth.Authorization without a scheme', (token) => ({ Authorization: token })],
    ['auth.access_token', (token) => ({ access_token: token })],
    ['auth.accessToken', (token) => ({ accessToken: token })],
    ['two members with the same token', (token) => ({ token, Authorization: `Bearer ${token}` })],
  ])('accepts a token in %s', async (_place, auth) => {
    const client = await connectSocketIo(app, { auth: auth(reader()) });
    client.send('orders');

    expect(await client.next('orders')).toBe('alice');
    client.close();
  });

  it('accepts the same token in header and `auth`', async () => {
    const token = reader();
    const client = await connectSocketIo(app, { ...bearer(token), auth: { token } });
    client.close();
  });

  it('says where the token belongs, and speaks of no header (RFC 6750 §3.1)', async () => {
    const auth = { token: 'two words' };
    await expect(connectSocketIo(app, { auth })).rejects.toMatchObject({
      challenge: expect.stringMatching(/error_description="[^"]*auth\.token of the handshake"/),
    });
  });

  it('accepts a token in `auth.token` over HTTP long polling', async () => {
    const socket = await connectSocket({ transports: ['polling'], auth: { token: reader() } });
    await nextEvent(socket, 'connect');
    expect(app.get(OrdersGateway).connected).toEqual(['alice']);
  });
});

describe('refused Socket.IO client', () => {
  it('does not reconnect by itself', async () => {
    await start(OrdersGateway);
    const socket = await connectSocket({ transports: ['websocket'] });
    const error = await nextEvent(socket, 'connect_error');

    expect(error).toMatchObject({ message: 'Unauthorized', data: { status: 'error' } });
    expect(socket.active).toBe(false);
  });

  it('receives the refusal in the acknowledgement, too', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    class WritersGateway {
      @SubscribeMessage('write')
      @RequireScopes('orders:write')
      write(@Ack() acknowledge: (answer: string) => void) {
        acknowledge('written');
      }
    }
    await start(WritersGateway);
    const socket = await connectSocket({ auth: { token: reader() } });
    const exception = nextEvent(socket, 'exception');

    expect(await socket.emitWithAck('write', { id: '1' })).toMatchObject({
      status: 'error',
      code: 'insufficient_scope',
    });
    expect(await exception).toMatchObject({ code: 'insufficient_scope' });
  });

  it('keeps its other namespaces when one refuses it', async () => {
    @WebSocketGateway({ namespace: 'orders' })
    @GuardedGateway()
    class NamespaceGateway {}
    await start(NamespaceGateway);
    const options = { transports: ['websocket'], forceNew: false, multiplex: true };
    const open = await connectSocket(options);
    await nextEvent(open, 'connect');
    const guarded = await connectSocket(options, '/orders');

    expect(await nextEvent(guarded, 'connect_error')).toMatchObject({ message: 'Unauthorized' });
    expect(open.connected).toBe(true);
    guarded.auth = { token: reader() };
    guarded.connect();
    await nextEvent(guarded, 'connect');
  });
});

describe('connection state recovery of Socket.IO', () => {
  it('delivers no missed messages to a client whose token has expired', async () => {
    @WebSocketGateway({ connectionStateRecovery: { maxDisconnectionDuration: 60_000 } })
    @GuardedGateway()
    class RecoveringGateway extends OrdersGateway {}
    await start(RecoveringGateway);
    const gateway = app.get(RecoveringGateway);
    const socket = await connectSocket({
      transports: ['websocket'],
      auth: { token: reader() },
      reconnectionDelay: 10,
    });
    await nextEvent(socket, 'connect');
    const first = nextEvent(socket, 'news');
    gateway.broadcast('news', 'first');
    expect(await first).toBe('first');

    const missed: unknown[] = [];
    socket.on('news', (news) => missed.push(news));
    const refused = nextEvent(socket, 'connect_error');
    socket.io.engine.close();
    await waitUntil(() => gateway.disconnected === 1);
    gateway.broadcast('news', 'second');
    clock.advance({ seconds: 306 });

    expect(await refused).toMatchObject({ message: 'Unauthorized' });
    expect(missed).toEqual([]);
  });
});
