import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { decodeClaims, TestAuth } from '../support/test-auth.js';
import { defaultResourceServersSetting } from '../../src/default-resource-servers.js';

const BILLING = 'http://localhost:3002';

describe('the demo client of the orders service', () => {
  let auth: TestAuth;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-demo-'));
    // Orders may create its secret before auth starts.
    await writeFile(join(folder, 'demo.env'), 'ORDERS_SERVICE_SECRET=made-before\n');
    auth = await TestAuth.start({
      DATA_DIR: folder,
      SEED_DEMO: 'true',
      RESOURCE_SERVERS: defaultResourceServersSetting(),
      FIRST_PARTY_SCOPE: 'orders:read billing:read',
    });
  });
  afterAll(() => auth.stop());

  it('keeps the secret that the orders service created first', async () => {
    const { ORDERS_SERVICE_SECRET } = parseEnv(await readFile(join(folder, 'demo.env'), 'utf8'));
    expect(ORDERS_SERVICE_SECRET).toBe('made-before');
  });

  it('lets orders call billing, as itself and for a user', async () => {
    const as = 'orders-service:made-before';
    const request = { grant_type: 'client_credentials', scope: 'billing:invoices:create' };
    const own = await auth.token({ ...request, resource: BILLING }, as);
    expect(own.body['scope']).toBe('billing:invoices:create');
    const { access_token } = await auth.createLogin();
    const { body } = await auth.token(
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: BILLING,
        scope: 'billing:read',
      },
      as,
    );
    expect(decodeClaims(body['access_token'])).toMatchObject({
      aud: BILLING,
      act: { sub: 'orders-service' },
    });
  });
});
