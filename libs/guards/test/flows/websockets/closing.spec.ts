import { createHook } from 'node:async_hooks';
import type { INestApplication, Type } from '@nestjs/common';
import { closeOnExpiry } from '../../../src/nest/transport.js';
import { TestIssuer } from '../../../testing/index.js';
import { TestClock } from '../../support/test-clock.js';
import { bearer, type Client } from '../../support/websocket-clients.js';
import { waitUntil } from '../../support/wait-until.js';
import {
  libraries,
  LobbyGateway,
  OrdersGateway,
  startGateways,
} from '../../support/guarded-gateway.js';

let clock: TestClock;
let issuer: TestIssuer;
let app: INestApplication;
const clients: Client[] = [];

beforeEach(async () => {
  clock = new TestClock();
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await app?.close();
  await issuer.close();
});

/** Those that wait, of everything in this process. */
function watchTimers() {
  const waiting = new Map<number, NodeJS.Timeout>();
  const hook = createHook({
    init: (id, type, _trigger, timer: NodeJS.Timeout) => {
      if (type === 'Timeout') waiting.set(id, timer);
    },
    destroy: (id) => waiting.delete(id),
  }).enable();
  return { waiting, stop: () => hook.disable() };
}

describe.each(libraries)('a connection by %s whose client only listens', (_name, library) => {
  const { adapter, connect } = library;

  async function connected(token: string, ...gateways: Type[]) {
    const guards = { ...issuer.options, now: clock.now, maxTokenAgeSeconds: 600 };
    app = await startGateways(adapter, { guards, gateways });
    const client = await connect(app, bearer(token));
    clients.push(client);
    return client;
  }

  it.each([
    ['required', OrdersGateway],
    ['optional', LobbyGateway],
  ])('ends soon after its token, which was %s, and says why', async (_said, gateway) => {
    const token = issuer.accessToken();
    clock.advance({ seconds: 304.8 });
    const client = await connected(token, gateway);
    clock.advance({ seconds: 1 });

    expect(await client.next('exception')).toEqual({
      status: 'error',
      message: 'Unauthorized',
      code: 'invalid_token',
      challenge: expect.stringContaining('error="invalid_token"'),
    });
    expect(['io server disconnect', 4401]).toContain(await client.closed);
  });

  it('ends when its token is too old (`maxTokenAgeSeconds`)', async () => {
    const token = issuer.accessToken({ exp: clock.now() / 1000 + 3600 });
    clock.advance({ seconds: 604.8 });
    const client = await connected(token, OrdersGateway);
    clock.advance({ seconds: 1 });

    expect(['io server disconnect', 4401]).toContain(await client.closed);
  });

  it('has one timer, whatever the gateways, that keeps no process alive and goes with it', async () => {
    const client = await connected(issuer.accessToken(), OrdersGateway, LobbyGateway);
    const gateway = app.get(OrdersGateway);
    const { waiting, stop } = watchTimers();
    const idle = () => [...waiting.values()].filter((timer) => !timer.hasRef());
    for (let i = 0; i < 50; i += 1) clients.push(await connect(app, bearer(issuer.accessToken())));
    expect(idle()).toHaveLength(50);
    for (const other of clients.splice(1)) other.close();
    await waitUntil(() => gateway.disconnected === 50);
    await waitUntil(() => idle().length === 0);
    client.close();
    stop();
  });
});

describe('the wait for the end of a token', () => {
  it('may be longer than a timer of Node (2^31 - 1 ms)', async () => {
    let asked = 0;
    const cancel = closeOnExpiry(
      () => {
        asked += 1;
        return 2 ** 45;
      },
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(asked).toBe(1);
    cancel();
  });

  it('asks again when it is over: a clock that was set back gives time', async () => {
    const remaining = [1, 1, 0];
    await new Promise<void>((resolve) => closeOnExpiry(() => remaining.shift() ?? 0, resolve));

    expect(remaining).toEqual([]);
  });
});
