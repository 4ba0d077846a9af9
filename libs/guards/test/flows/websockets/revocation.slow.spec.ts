import type { INestApplication } from '@nestjs/common';
import { TestIssuer } from '../../../testing/index.js';
import { libraries, OrdersGateway, startGateways } from '../../support/guarded-gateway.js';
import { it } from '../../support/slow-test.js';
import { TestClock } from '../../support/test-clock.js';
import { bearer } from '../../support/websocket-clients.js';

let clock: TestClock;
let issuer: TestIssuer;
let app: INestApplication;

beforeEach(async () => {
  clock = new TestClock();
  issuer = await TestIssuer.start({ now: clock.now, hasStatusList: true });
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

describe.each(libraries)('connection over %s whose client only listens', (_name, library) => {
  it('closes the connection when its token is revoked', async () => {
    const guards = { ...issuer.options, ...clock.options };
    app = await startGateways(library.adapter, { guards, gateways: [OrdersGateway] });
    const token = issuer.accessToken({ scope: 'orders:read' });
    const client = await library.connect(app, bearer(token));
    issuer.revoke(token);
    clock.advance({ seconds: 10 });

    expect(await client.next('exception')).toMatchObject({ code: 'invalid_token' });
    client.close();
  });
});
