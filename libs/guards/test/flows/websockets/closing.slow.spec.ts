import { createHook } from 'node:async_hooks';
import type { INestApplication, Type } from '@nestjs/common';
import { closeOnExpiry } from '../../../src/transports/messages.js';
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
import { it } from '../../support/slow-test.js';

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

/** Tracks the pending timers of this process. */
function watchTimers() {
  const pending = new Map<number, NodeJS.Timeout>();
  const hook = createHook({
    init: (id, type, _trigger, timer: NodeJS.Timeout) => {
      if (type === 'Timeout') pending.set(id, timer);
    },
    destroy: (id) => pending.delete(id),
  }).enable();
  return { pending, stop: () => hook.disable() };
}

describe.each(libraries)('connection over %s whose client only listens', (_name, library) => {
  const { adapter, connect } = library;

  async function connected(token: string, ...gateways: Type[]) {
    const guards = { ...issuer.options, ...clock.options, maxTokenAgeSeconds: 600 };
    app = await startGateways(adapter, { guards, gateways });
    const client = await connect(app, bearer(token));
    clients.push(client);
    return client;
  }

  it.each([
    ['required', OrdersGateway],
    ['optional', LobbyGateway],
  ])(
    'closes after its token expires and sends the reason, if the token was %s',
    async (_name, gateway) => {
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
    },
  );

  it('closes when its token exceeds `maxTokenAgeSeconds`', async () => {
    const token = issuer.accessToken({ exp: clock.now() / 1000 + 3600 });
    clock.advance({ seconds: 604.8 });
    const client = await connected(token, OrdersGateway);
    clock.advance({ seconds: 1 });

    expect(['io server disconnect', 4401]).toContain(await client.closed);
  });

  it('keeps one timer for all gateways, which does not keep the process alive and ends with it', async () => {
    const client = await connected(issuer.accessToken(), OrdersGateway, LobbyGateway);
    const gateway = app.get(OrdersGateway);
    const { pending, stop } = watchTimers();
    const unreferenced = () => [...pending.values()].filter((timer) => !timer.hasRef());
    for (let i = 0; i < 50; i += 1) clients.push(await connect(app, bearer(issuer.accessToken())));
    expect(unreferenced()).toHaveLength(50);
    for (const other of clients.splice(1)) other.close();
    await waitUntil(() => gateway.disconnected === 50);
    await waitUntil(() => unreferenced().length === 0);
    client.close();
    stop();
  });
});

describe('timer for the expiry of a token', () => {
  it('supports more than the maximum of a timer in Node (2^31 - 1 ms)', async () => {
    let reads = 0;
    const cancel = closeOnExpiry(
      () => {
        reads += 1;
        return 2 ** 45;
      },
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(reads).toBe(1);
    cancel();
  });

  it('reads the remaining time again when it fires, because the clock may have been set back', async () => {
    const remaining = [1, 1, 0];
    await new Promise<void>((resolve) => closeOnExpiry(() => remaining.shift() ?? 0, resolve));

    expect(remaining).toEqual([]);
  });
});
