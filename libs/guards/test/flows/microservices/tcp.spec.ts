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
const callers: TcpClient[] = [];

beforeEach(async () => {
  clock = new TestClock();
  rejections = [];
  issuer = await TestIssuer.start({ now: clock.now });
  port = await freePort();
});
afterEach(async () => {
  for (const caller of callers.splice(0)) await caller.close();
  await app.close();
  await issuer.close();
});

async function start(transports = [microserviceTransport()]) {
  const onRejected = (rejection: Rejection) => rejections.push(rejection);
  const guards = { ...issuer.options, now: clock.now, onRejected, transports };
  app = await startMicroservice({ guards }, tcpOptions(port));
}

function caller(metadata?: Readonly<Record<string, string>>) {
  const made = new TcpClient(port, metadata);
  callers.push(made);
  return made;
}

const reader = () => issuer.accessToken({ scope: 'orders:read' });
const bearing = (token: string) => caller({ authorization: `Bearer ${token}` });
const reasons = () => rejections.map(({ reason }) => reason);

describe('a message by TCP', () => {
  beforeEach(() => start());

  it('is answered for a token in its metadata', async () => {
    expect(await bearing(reader()).send('orders')).toBe('alice');
    expect(rejections).toEqual([]);
  });

  it('is refused without one, with a challenge and no error code (RFC 6750 §3.1)', async () => {
    expect(await caller().send('orders')).toEqual({
      status: 'error',
      message: 'Unauthorized',
      challenge: expect.stringMatching(/^Bearer (?!error)/),
    });
    expect(reasons()).toEqual(['no_token']);
  });

  it('is refused with a bad one', async () => {
    const answer = await bearing(issuer.accessToken({ aud: 'https://other.example' })).send(
      'orders',
    );

    expect(answer).toMatchObject({ message: 'Unauthorized', code: 'invalid_token' });
    expect(reasons()).toEqual(['wrong_audience']);
  });

  it('is refused without its scope, and told which (RFC 6750 §3.1)', async () => {
    expect(await bearing(reader()).send('cancel', '1')).toMatchObject({
      message: 'Forbidden',
      code: 'insufficient_scope',
      challenge: expect.stringContaining('scope="orders:write"'),
    });
    expect(app.get(OrdersController).handled).toEqual([]);
  });

  it('is refused for now while there is no key set', async () => {
    issuer.fail();

    expect(await bearing(reader()).send('orders')).toEqual({
      status: 'error',
      message: 'Service Unavailable',
      code: 'temporarily_unavailable',
    });
  });

  it('is refused when its token has expired on the way', async () => {
    const late = bearing(reader());
    clock.advance({ seconds: 306 });

    expect(await late.send('orders')).toMatchObject({ code: 'invalid_token' });
    expect(reasons()).toEqual(['expired']);
  });

  it('finds no token in its data', async () => {
    const data = { authorization: `Bearer ${reader()}`, metadata: { authorization: 'x' } };

    expect(await caller().send('orders', data)).toMatchObject({ message: 'Unauthorized' });
    expect(reasons()).toEqual(['no_token']);
  });

  it.each([
    ['in two spellings', () => ({ authorization: 'Bearer a', Authorization: 'Bearer b' })],
    ['that is none', () => ({ authorization: 'Bearer a b' })],
  ])('with a token %s is a bad request (RFC 6750 §3.1)', async (_name, metadata) => {
    expect(await caller(metadata()).send('orders')).toMatchObject({ code: 'invalid_request' });
  });

  it('with an optional token knows its caller', async () => {
    expect(await caller().send('hello')).toBe('stranger');
    expect(await bearing(reader()).send('hello')).toBe('alice');
    expect(await bearing('bad').send('hello')).toMatchObject({ code: 'invalid_token' });
  });

  it('to a @Public() handler needs none', async () => {
    expect(await caller().send('prices')).toEqual([1, 2]);
  });
});

describe('an event by TCP', () => {
  it('has nobody to tell: it is refused, observed and not handled', async () => {
    await start();
    const client = bearing(reader());
    await client.emit('placed', '1');
    await waitUntil(() => rejections.length > 0);
    expect(reasons()).toEqual(['insufficient_scope']);
    expect(app.get(OrdersController).handled).toEqual([]);

    const writer = bearing(issuer.accessToken({ scope: 'orders:write' }));
    await writer.emit('placed', '2');
    await waitUntil(() => app.get(OrdersController).handled.length > 0);
    expect(app.get(OrdersController).handled).toEqual(['2']);
  });
});

describe('`token`: where the application says that it is', () => {
  const withToken = (token: unknown) => ({ token, id: '1' });

  beforeEach(() =>
    start([
      microserviceTransport({
        token: (context) => context.switchToRpc().getData<{ token?: string }>().token,
      }),
    ]),
  );

  it('is where it is found, and nowhere else', async () => {
    expect(await caller().send('orders', withToken(reader()))).toBe('alice');
    expect(await bearing(reader()).send('orders')).toMatchObject({ message: 'Unauthorized' });
  });

  it.each([[{ toString: 1 }], [[]], [null], ['Bearer x']])(
    'may hold anything, such as %j',
    async (token) => {
      expect(await caller().send('orders', withToken(token))).toMatchObject({
        code: 'invalid_request',
      });
      expect(reasons()).toEqual(['malformed_credentials']);
    },
  );
});
