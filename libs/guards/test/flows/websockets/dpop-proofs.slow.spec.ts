import type { INestApplication } from '@nestjs/common';
import { DpopClient, TestIssuer } from '../../../testing/index.js';
import { libraries, startGateways } from '../../support/guarded-gateway.js';
import { API } from '../../support/guarded-app.js';
import { it } from '../../support/slow-test.js';

const client = new DpopClient();
let issuer: TestIssuer;
let app: INestApplication;

beforeEach(async () => {
  issuer = await TestIssuer.start({ audience: API });
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

const headersFor = (method: string, path: string) => {
  const accessToken = issuer.accessToken({ scope: 'orders:read', cnf: client.cnf });
  return client.headers({ method, url: API + path, accessToken });
};

describe.each(libraries)('handshake of %s with a proof (RFC 9449 §7.1)', (name, library) => {
  const path = name === 'ws' ? '/' : '/socket.io/';

  it('accepts one proof for the handshake and its messages, and no second use', async () => {
    app = await startGateways(library.adapter, { guards: { ...issuer.options, dpop: {} } });
    const headers = headersFor('GET', path);
    const connected = await library.connect(app, { headers });
    for (let message = 0; message < 3; message += 1) {
      connected.send('orders');
      expect(await connected.next('orders')).toBe('alice');
    }
    connected.close();

    await expect(library.connect(app, { headers })).rejects.toThrow('Unauthorized');
  });

  it('refuses a handshake with a bound token and no proof', async () => {
    app = await startGateways(library.adapter, { guards: { ...issuer.options, dpop: {} } });
    const { DPoP: _proof, ...rest } = headersFor('GET', path);
    const token = issuer.accessToken({ cnf: client.cnf });

    await expect(library.connect(app, { headers: rest })).rejects.toThrow('Unauthorized');
    await expect(library.connect(app, { auth: { token } })).rejects.toThrow('Unauthorized');
  });
});
