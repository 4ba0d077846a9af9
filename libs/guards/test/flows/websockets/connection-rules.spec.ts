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

describe.each(libraries)('who may connect by %s', (_name, { adapter, connect }) => {
  async function outcomesOf(gateway: Type, tokens: (string | undefined)[]) {
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

  it('anybody but with a bad token, when the gateway says @OptionalToken()', async () => {
    expect(await outcomesOf(LobbyGateway, [undefined, good(), expired()])).toEqual([
      'connected',
      'connected',
      'Unauthorized',
    ]);
  });

  it('whoever meets the requirements of the gateway', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    @RequireScopes('orders:read')
    class ReadersGateway {}

    expect(await outcomesOf(ReadersGateway, [undefined, good(), reader()])).toEqual([
      'Unauthorized',
      'Forbidden',
      'connected',
    ]);
  });

  it('whoever meets the requirements of its handleConnection', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    class ReadersGateway {
      @RequireScopes('orders:read')
      handleConnection() {}
    }

    expect(await outcomesOf(ReadersGateway, [good(), reader()])).toEqual([
      'Forbidden',
      'connected',
    ]);
  });

  it('whom the policy of the gateway lets in, which may answer in its own way', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    @Policy(({ subject }) => {
      if (subject === 'nobody') throw new NotFoundException();
      if (subject === 'mistake') throw new TypeError('a mistake');
      return subject === 'alice';
    })
    class AlicesGateway {}
    const tokens = ['alice', 'bob', 'nobody', 'mistake'].map((sub) => issuer.accessToken({ sub }));

    expect(await outcomesOf(AlicesGateway, tokens)).toEqual([
      'connected',
      'Forbidden',
      'Not Found',
      'Internal Server Error',
    ]);
  });

  it('anybody, with any token, when the gateway is @Public()', async () => {
    @WebSocketGateway()
    @GuardedGateway()
    @Public()
    class OpenGateway {}

    expect(await outcomesOf(OpenGateway, [undefined, expired()])).toEqual([
      'connected',
      'connected',
    ]);
  });

  it('whom all the gateways of a server let in', async () => {
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

describe.each(libraries)('a gateway by %s that extends another', (_name, { adapter, connect }) => {
  it('is guarded once, and keeps its own hooks', async () => {
    const seen: unknown[] = [];
    const policy = () => {
      seen.push('policy');
      return true;
    };

    @WebSocketGateway()
    @GuardedGateway()
    @Policy(policy)
    class DerivedGateway extends OrdersGateway {
      afterInit = () => {
        seen.push('afterInit');
      };

      override handleConnection(client: object) {
        seen.push(tokenOf(client)?.subject);
      }
    }
    app = await startGateways(adapter, { guards: issuer.options, gateways: [DerivedGateway] });

    await expect(connect(app)).rejects.toThrow('Unauthorized');
    clients.push(await connect(app, bearer(issuer.accessToken())));
    expect(seen).toEqual(['afterInit', 'policy', 'alice']);
  });
});
