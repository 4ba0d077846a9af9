import { type INestApplication, Inject, Injectable, Scope, type Type } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AccessRules,
  Public,
  RequireScopes,
  type ResourceServerOptions,
  UnguardedHandlers,
} from '../../../src/index.js';
import { GuardedGateway } from '../../../src/websockets/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { connectWs } from '../../support/websocket-clients.js';
import { libraries, OrdersGateway, startGateways } from '../../support/guarded-gateway.js';

let issuer: TestIssuer;
let app: INestApplication | undefined;

beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await issuer.close();
});

interface Attempt {
  readonly guards?: Partial<ResourceServerOptions>;
  readonly providers?: Type[];
}

describe.each(libraries)('boot audit of gateways with %s', (_name, { adapter }) => {
  async function startAndListFaults(gateway: Type, { guards = {}, providers = [] }: Attempt = {}) {
    const options = { guards: { ...issuer.options, ...guards }, gateways: [gateway], providers };
    const failure = await startGateways(adapter, options).then(
      (started) => started.close(),
      (error: unknown) => error,
    );
    if (failure instanceof UnguardedHandlers) return failure.handlers;
    throw new Error('The application started or failed with another error', { cause: failure });
  }

  it('reports a message handler without an access decorator', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    class ForgetfulGateway {
      @SubscribeMessage('forgotten')
      forgotten() {}
    }

    expect(await startAndListFaults(ForgetfulGateway)).toEqual([
      'ForgetfulGateway.forgotten: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken(), or set `publicControllers: [ForgetfulGateway]` if it is a class of a package',
    ]);
  });

  it('reports handlers whose transport is missing', async () => {
    const fault = 'WebSocket calls are refused: its transport is not among the `transports`';

    expect(await startAndListFaults(OrdersGateway, { guards: { transports: [] } })).toEqual([
      `OrdersGateway.handleConnection: has no access decorator, and ${fault}`,
      `OrdersGateway.orders: ${fault}`,
      `OrdersGateway.cancel: ${fault}`,
    ]);
  });

  it.each([
    ['without @GuardedGateway()', class {}],
    ['with @GuardedGateway() only on its base class', OrdersGateway],
  ])('reports a gateway %s', async (_how, base: Type) => {
    @WebSocketGateway()
    class BareGateway extends base {
      @SubscribeMessage('bare')
      @RequireScopes('orders:read')
      bare() {}
    }

    expect(await startAndListFaults(BareGateway)).toContain(
      'BareGateway.bare: Nest calls no global guard here: BareGateway needs @GuardedGateway()',
    );
  });

  it('reports a gateway that Nest creates for every client', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerClient {}

    @WebSocketGateway()
    @GuardedGateway()
    class PerClientGateway {
      @Inject(PerClient)
      readonly perClient!: PerClient;
    }

    expect(await startAndListFaults(PerClientGateway, { providers: [PerClient] })).toEqual([
      'PerClientGateway.handleConnection: its gateway is created for each client, so its connections cannot be guarded',
    ]);
  });
});

describe('gateway', () => {
  it('starts without decorator and transport if all handlers of a gateway are @Public()', async () => {
    @WebSocketGateway()
    class OpenGateway {
      @SubscribeMessage('time')
      @Public()
      time() {
        return { event: 'time', data: 12 };
      }
    }
    app = await startGateways(WsAdapter, {
      guards: { ...issuer.options, transports: [] },
      gateways: [OpenGateway],
    });
    const client = await connectWs(app);
    client.send('time');

    expect(await client.next('time')).toBe(12);
  });

  it('lists handlers and the rule of connections in the table of access rules', async () => {
    app = await startGateways(WsAdapter, { guards: issuer.options });
    const rows = app.get(AccessRules).table();

    expect(rows.filter(({ kind }) => kind === 'WebSocket')).toMatchObject([
      { controller: 'OrdersGateway', handler: 'handleConnection', access: 'token', scopes: [] },
      { handler: 'orders', access: 'token', scopes: ['orders:read'] },
      { handler: 'cancel', access: 'token', scopes: ['orders:write'] },
      { handler: 'prices', access: 'public' },
    ]);
  });
});
