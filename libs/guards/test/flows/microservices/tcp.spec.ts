import type { INestMicroservice } from '@nestjs/common';
import type { Rejection } from '../../../src/index.js';
import { microserviceTransport } from '../../../src/microservices/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { TestClock } from '../../support/test-clock.js';
import {
  OrdersController,
  startMicroservice,
  TcpClient,
  tcpOptions,
} from '../../support/guarded-messages.js';
import { freePort } from '../../support/free-port.js';
import { waitUntil } from '../../support/wait-until.js';

let clock: TestClock;
let issuer: TestIssuer;
let app: INestMicroservice;
let port: number;
let rejections: Rejection[];
const clients: TcpClient[] = [];

beforeEach(async () => {
  clock = new TestClock();
  rejections = [];
  issuer = await TestIssuer.start({ now: clock.now });
  port = await freePort();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await app.close();
  await issuer.close();
});

async function start(transports = [microserviceTransport()]) {
  const onRejected = (rejection: Rejection) => rejections.push(rejection);
  const guards = { ...issuer.options, ...clock.options, onRejected, transports };
  app = await startMicroservice({ guards }, tcpOptions(port));
}

function createClient(metadata?: Readonly<Record<string, string>>) {
  const client = new TcpClient(port, metadata);
  clients.push(client);
  return client;
}

const reader = () => issuer.accessToken({ scope: 'orders:read' });
const createBearer = (token: string) => createClient({ authorization: `Bearer ${token}` });
const reasons = () => rejections.map(({ reason }) => reason);

describe('message over TCP', () => {
  beforeEach(() => start());

  it('returns an answer for a token in the metadata', async () => {
    expect(await createBearer(reader()).send('orders')).toBe('alice');
    expect(rejections).toEqual([]);
  });

  it('fails without a token, with a challenge and no error code (RFC 6750 §3.1)', async () => {
    expect(await createClient().send('orders')).toEqual({
      status: 'error',
      message: 'Unauthorized',
      challenge: expect.stringMatching(/^Bearer resource_metadata="[^"]*", scope="orders:read"$/),
    });
    expect(reasons()).toEqual(['no_token']);
  });

  it('fails with a token for another audience', async () => {
    const answer = await createBearer(issuer.accessToken({ aud: 'https://other.example' })).send(
      'orders',
    );

    expect(answer).toMatchObject({ message: 'Unauthorized', code: 'invalid_token' });
    expect(reasons()).toEqual(['wrong_audience']);
  });

  it('fails without the scope and names the scope (RFC 6750 §3.1)', async () => {
    expect(await createBearer(reader()).send('cancel', '1')).toMatchObject({
      message: 'Forbidden',
      code: 'insufficient_scope',
      challenge: expect.stringContaining('scope="orders:write"'),
    });
    expect(app.get(OrdersController).handled).toEqual([]);
  });

  it('fails with temporarily_unavailable while the key set is unavailable', async () => {
    issuer.fail();

    expect(await createBearer(reader()).send('orders')).toEqual({
      status: 'error',
      message: 'Service Unavailable',
      code: 'temporarily_unavailable',
    });
  });

  it('fails with a token that expires before the message arrives', async () => {
    const late = createBearer(reader());
    clock.advance({ seconds: 306 });

    expect(await late.send('orders')).toMatchObject({ code: 'invalid_token' });
    expect(reasons()).toEqual(['expired']);
  });

  it('reads no token from the data of the message', async () => {
    const data = { authorization: `Bearer ${reader()}`, metadata: { authorization: 'x' } };

    expect(await createClient().send('orders', data)).toMatchObject({ message: 'Unauthorized' });
    expect(reasons()).toEqual(['no_token']);
  });

  it.each([
    ['in two spellings', () => ({ authorization: 'Bearer a', Authorization: 'Bearer b' })],
    ['with a second word', () => ({ authorization: 'Bearer a b' })],
  ])('fails with invalid_request for a token %s (RFC 6750 §3.1)', async (_name, metadata) => {
    expect(await createClient(metadata()).send('orders')).toMatchObject({
      code: 'invalid_request',
    });
  });

  it('passes an optional token to the handler and refuses an invalid one', async () => {
    expect(await createClient().send('hello')).toBe('stranger');
    expect(await createBearer(reader()).send('hello')).toBe('alice');
    expect(await createBearer('bad').send('hello')).toMatchObject({ code: 'invalid_token' });
  });

  it('reaches a @Public() handler without a token', async () => {
    expect(await createClient().send('prices')).toEqual([1, 2]);
  });
});

describe('event over TCP', () => {
  it('reports the refusal of an event, which no client receives, and does not call the handler', async () => {
    await start();
    const client = createBearer(reader());
    await client.emit('placed', '1');
    await waitUntil(() => rejections.length > 0);
    expect(reasons()).toEqual(['insufficient_scope']);
    expect(app.get(OrdersController).handled).toEqual([]);

    const writer = createBearer(issuer.accessToken({ scope: 'orders:write' }));
    await writer.emit('placed', '2');
    await waitUntil(() => app.get(OrdersController).handled.length > 0);
    expect(app.get(OrdersController).handled).toEqual(['2']);
  });
});

describe('option `token` of the microservice transport', () => {
  const withToken = (token: unknown) => ({ token, id: '1' });

  beforeEach(() =>
    start([
      microserviceTransport({
        token: (context) => context.switchToRpc().getData<{ token?: string }>().token,
      }),
    ]),
  );

  it('reads the token only where the option finds it', async () => {
    expect(await createClient().send('orders', withToken(reader()))).toBe('alice');
    expect(await createBearer(reader()).send('orders')).toMatchObject({ message: 'Unauthorized' });
  });

  it('accepts a token with its scheme', async () => {
    const token = `Bearer ${reader()}`;
    expect(await createClient().send('orders', withToken(token))).toBe('alice');
  });

  it.each([[{ toString: 1 }], [[]], [null], [''], ['Bearer a b']])(
    'fails with invalid_request if the option returns %j',
    async (token) => {
      expect(await createClient().send('orders', withToken(token))).toMatchObject({
        code: 'invalid_request',
        challenge: expect.stringContaining('as authorization in the metadata or the headers'),
      });
      expect(reasons()).toEqual(['malformed_credentials']);
    },
  );
});
