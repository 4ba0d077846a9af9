import { type INestApplication, NotFoundException, type Type } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Policy, Public, RequireScopes } from '../../../src/index.js';
import { GuardedGateway, tokenOf } from '../../../src/websockets/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { bearer, type Client } from '../../support/websocket-clients.js';
import {
  libraries,
  LobbyGateway,
  OrdersGateway,
  startGateways,
} from '../../support/guarded-gateway.js';

let issuer: TestIssuer;
let app: INestApplication;
const clients: Client[] = [];

beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await app.close();
  await issuer.close();
});

describe.each(libraries)('rules of connections over %s', (_name, { adapter, connect }) => {
  async function connectAll(gateway: Type, tokens: (string | undefined)[]) {
    app = await startGateways(adapter, { guards: issuer.options, gateways: [gateway] });
    const outcomes: string[] = [];
    for (const token of tokens) {
      const outcome = connect(app, token === undefined ? {} : bearer(token)).then(
        (client) => {
          clients.push(client);
          return 'connected';
        },
        (error: Error) => error.message,
      );
      outcomes.push(await outcome);
    }
    return outcomes;
  }

  const good = () => issuer.accessToken();
  const reader = () => issuer.accessToken({ scope: 'orders:read' });
  const expired = () => issuer.accessToken({ exp: 1 });

  it('admits clients without a token and refuses invalid tokens with @OptionalToken()', async () => {
    expect(await connectAll(LobbyGateway, [undefined, good(), expired()])).toEqual([
      'connected',
      'connected',
      'Unauthorized',
    ]);
  });

  it('admits clients that meet the requirements of the gateway', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    @RequireScopes('orders:read')
    class ReadersGateway {}

    expect(await connectAll(ReadersGateway, [undefined, good(), reader()])).toEqual([
      'Unauthorized',
      'Forbidden',
      'connected',
    ]);
  });

  it('admits clients that meet the requirements of handleConnection', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    class ReadersGateway {
      @RequireScopes('orders:read')
      handleConnection() {}
    }

    expect(await connectAll(ReadersGateway, [good(), reader()])).toEqual([
      'Forbidden',
      'connected',
    ]);
  });

  it('admits clients that the policy of the gateway allows, and sends exceptions of the policy', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    @Policy(({ subject }) => {
      if (subject === 'unknown') throw new NotFoundException();
      if (subject === 'mistake') throw new TypeError('a mistake');
      return subject === 'alice';
    })
    class AlicesGateway {}
    const tokens = ['alice', 'bob', 'unknown', 'mistake'].map((sub) => issuer.accessToken({ sub }));

    expect(await connectAll(AlicesGateway, tokens)).toEqual([
      'connected',
      'Forbidden',
      'Not Found',
      'Internal Server Error',
    ]);
  });

  it('admits every client if the gateway is @Public()', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    @Public()
    class OpenGateway {}

    expect(await connectAll(OpenGateway, [undefined, expired()])).toEqual([
      'connected',
      'connected',
    ]);
  });

  it('admits clients that every gateway of a server admits', async () => {
    @WebSocketGateway()
    class OpenGateway {
      @SubscribeMessage('time')
      @Public()
      time() {}
    }
    app = await startGateways(adapter, {
      guards: issuer.options,
      gateways: [OpenGateway, OrdersGateway, LobbyGateway],
    });

    await expect(connect(app)).rejects.toThrow('Unauthorized');
    clients.push(await connect(app, bearer(good())));
    expect(app.get(OrdersGateway).connected).toEqual(['alice']);
  });
});

describe.each(libraries)('gateway of %s that extends another', (_name, { adapter, connect }) => {
  it('runs the guard once and keeps its own hooks', async () => {
    const calls: unknown[] = [];
    const policy = () => {
      calls.push('policy');
      return true;
    };

    @WebSocketGateway()
    @GuardedGateway()
    @Policy(policy)
    class DerivedGateway extends OrdersGateway {
      afterInit = () => {
        calls.push('afterInit');
      };

      override handleConnection(client: object) {
        calls.push(tokenOf(client)?.subject);
      }
    }
    app = await startGateways(adapter, { guards: issuer.options, gateways: [DerivedGateway] });

    await expect(connect(app)).rejects.toThrow('Unauthorized');
    clients.push(await connect(app, bearer(issuer.accessToken())));
    expect(calls).toEqual(['afterInit', 'policy', 'alice']);
  });
});
