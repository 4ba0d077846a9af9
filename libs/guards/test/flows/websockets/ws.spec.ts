import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { GuardedGateway } from '../../../src/websockets/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { bearer, connectWs, HandshakeRejected } from '../../support/websocket-clients.js';
import { OrdersGateway, startGateways } from '../../support/guarded-gateway.js';

let issuer: TestIssuer;
let app: INestApplication;

beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

describe('ws handshake', () => {
  it('fails with Retry-After while the key set is unavailable (RFC 9110 §10.2.3)', async () => {
    app = await startGateways(WsAdapter, { guards: issuer.options });
    issuer.fail();
    const refusal: unknown = await connectWs(app, bearer(issuer.accessToken())).catch(
      (error: unknown) => error,
    );

    expect(refusal).toBeInstanceOf(HandshakeRejected);
    expect(refusal).toMatchObject({
      challenge: undefined,
      retryAfter: expect.stringMatching(/^\d+$/),
    });
  });

  it('fails with Bad Request for two Authorization headers (RFC 6750 §2)', async () => {
    app = await startGateways(WsAdapter, { guards: issuer.options });
    const authorization = [1, 2].map(() => `Bearer ${issuer.accessToken()}`);

    await expect(connectWs(app, { headers: { authorization } })).rejects.toThrow('Bad Request');
  });

  it.each([
    ['synchronously', (info: { req: { url?: string } }) => !info.req.url?.includes('no')],
    [
      'asynchronously',
      (info: { req: { url?: string } }, answer: (isAdmitted: boolean) => void) =>
        setImmediate(answer, !info.req.url?.includes('no')),
    ],
  ])(
    'also runs `verifyClient` of the application, which answers %s',
    async (_when, verifyClient) => {
      @WebSocketGateway({ verifyClient })
      @GuardedGateway()
      class VerifyingGateway extends OrdersGateway {}
      app = await startGateways(WsAdapter, {
        guards: issuer.options,
        gateways: [VerifyingGateway],
      });
      const credentials = bearer(issuer.accessToken());

      await expect(connectWs(app)).rejects.toThrow('Unauthorized');
      await expect(connectWs(app, { ...credentials, query: { no: '' } })).rejects.toThrow();
      (await connectWs(app, credentials)).close();
      expect(app.get(VerifyingGateway).connected).toEqual(['alice']);
    },
  );
});
