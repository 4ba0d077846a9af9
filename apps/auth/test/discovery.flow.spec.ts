import { TestAuth } from './mothers.js';

describe('authorization server metadata (RFC 8414 §2)', () => {
  let auth: TestAuth;
  let metadata: Record<string, unknown>;
  beforeAll(async () => {
    auth = await TestAuth.start();
    metadata = JSON.parse((await auth.send('/.well-known/oauth-authorization-server', {})).text);
  });
  afterAll(() => auth.stop());

  it('says what there is', () => {
    expect(metadata).toEqual({
      issuer: 'http://localhost:3000',
      token_endpoint: 'http://localhost:3000/oauth/token',
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
      jwks_uri: 'http://localhost:3000/.well-known/jwks.json',
      grant_types_supported: ['refresh_token', 'client_credentials'],
      response_types_supported: [],
      scopes_supported: [
        'orders:read',
        'orders:write',
        'orders:read:any',
        'billing:read',
        'billing:pay',
        'billing:invoices:create',
        'billing:refund',
        'billing:admin',
        'sessions:read',
        'sessions:end',
        'account:password',
        'openid',
        'profile',
        'email',
        'address',
        'phone',
        'offline_access',
      ],
      protected_resources: [
        'http://localhost:3001',
        'http://localhost:3002',
        'http://localhost:3000',
      ],
      service_documentation: 'http://localhost:3000/docs',
      status_list_aggregation_endpoint: 'http://localhost:3000/oauth/status-lists',
    });
  });

  it('names no address that does not exist', async () => {
    const addresses = Object.entries(metadata).filter(([name]) =>
      /_(endpoint|uri|documentation)$/.test(name),
    );
    expect(addresses).toHaveLength(4);
    for (const [name, address] of addresses) {
      const path = String(address).replace('http://localhost:3000', '');
      const method = name === 'token_endpoint' ? 'POST' : 'GET';
      expect((await auth.send(path, { method })).status).not.toBe(404);
    }
  });

  it('keeps the path of an issuer that has one', async () => {
    const other = await TestAuth.start({ ISSUER: 'https://example.org/auth' });
    const { body } = await other.send('/.well-known/oauth-authorization-server', {});
    expect(body['token_endpoint']).toBe('https://example.org/auth/oauth/token');
    await other.stop();
  });
});
