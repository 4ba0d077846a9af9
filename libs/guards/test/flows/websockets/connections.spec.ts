import type { INestApplication } from '@nestjs/common';
import type { Rejection } from '../../../src/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { bearer, type Client, type Credentials } from '../../support/websocket-clients.js';
import { waitUntil } from '../../support/wait-until.js';
import { libraries, OrdersGateway, startGateways } from '../../support/guarded-gateway.js';

let issuer: TestIssuer;
let app: INestApplication;
let rejections: Rejection[];
const clients: Client[] = [];

beforeEach(async () => {
  rejections = [];
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await app.close();
  await issuer.close();
});

const reasons = () => rejections.map(({ reason }) => reason);

describe.each(libraries)('connection over %s', (_name, { adapter, connect }) => {
  beforeEach(async () => {
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    app = await startGateways(adapter, {
      guards: { ...issuer.options, onRejected },
      gateways: [OrdersGateway],
    });
  });

  const open = async (credentials?: Credentials) => {
    const client = await connect(app, credentials);
    clients.push(client);
    return client;
  };

  it('opens for a valid token in the header of the handshake', async () => {
    await open(bearer(issuer.accessToken()));

    expect(app.get(OrdersGateway).connected).toEqual(['alice']);
    expect(rejections).toEqual([]);
  });

  it('fails without a token, with a challenge and no error code (RFC 6750 §3.1)', async () => {
    await expect(open()).rejects.toMatchObject({
      title: 'Unauthorized',
      challenge: expect.stringMatching(/^Bearer (?!error)/),
    });
    expect(app.get(OrdersGateway)).toMatchObject({ connected: [], disconnected: 0 });
    expect(reasons()).toEqual(['no_token']);
  });

  it('fails with a token for another audience (RFC 6750 §3.1)', async () => {
    const credentials = bearer(issuer.accessToken({ aud: 'https://other.example' }));

    await expect(open(credentials)).rejects.toMatchObject({
      title: 'Unauthorized',
      challenge: expect.stringContaining('error="invalid_token"'),
    });
    expect(app.get(OrdersGateway).connected).toEqual([]);
    expect(reasons()).toEqual(['wrong_audience']);
  });

  it('fails with a token in the query (RFC 9700 §4.3.2)', async () => {
    await expect(open({ query: { access_token: issuer.accessToken() } })).rejects.toThrow(
      'Unauthorized',
    );
  });

  it('fails with a second token in the query (RFC 6750 §2)', async () => {
    const query = { access_token: issuer.accessToken() };

    await expect(open({ ...bearer(issuer.accessToken()), query })).rejects.toMatchObject({
      title: 'Bad Request',
      challenge: expect.stringContaining('error="invalid_request"'),
    });
    expect(reasons()).toEqual(['several_credentials']);
  });

  it('fails with Service Unavailable while the key set is unavailable', async () => {
    issuer.fail();

    await expect(open(bearer(issuer.accessToken()))).rejects.toThrow('Service Unavailable');
    expect(reasons()).toEqual(['keys_unavailable']);
  });

  it('receives no broadcast before its token is verified', async () => {
    const gateway = app.get(OrdersGateway);
    let publish: (() => void) | undefined;
    issuer.answer((_request, response) => {
      const keys = [issuer.signingKey.publicJwk];
      publish = () =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
    });
    const opening = open(bearer(issuer.accessToken()));
    await waitUntil(() => publish !== undefined);
    gateway.broadcast('news', 'secret');
    publish?.();
    const client = await opening;
    gateway.broadcast('news', 'open');

    expect(await client.next('news')).toBe('open');
  });
});
