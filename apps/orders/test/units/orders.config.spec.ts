import { ConfigurationError, describeSettings } from '@gatehouse/service-kit';
import { ordersConfig, ordersSettings } from '../../src/orders.config.js';

const production = {
  NODE_ENV: 'production',
  AUTH_ISSUER: 'https://auth.example',
  AUDIENCE: 'https://orders.example',
  CLIENT_SECRET: 'uqJ2vYx0mC5sKf8ZpWn4RbTgHd7LeAo1',
  BILLING_URL: 'https://billing.example',
  BILLING_RESOURCE: 'https://billing.example',
};

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    ordersConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('configuration of orders', () => {
  it('needs no settings in development', () => {
    expect(ordersConfig({})).toMatchObject({
      PORT: 3001,
      AUTH_ISSUER: 'http://localhost:3000',
      AUDIENCE: 'http://localhost:3001',
      ALGORITHMS: ['ES256', 'RS256'],
    });
  });

  it('accepts asymmetric algorithms only', () => {
    expect(ordersConfig({ ALGORITHMS: 'PS256 ES384' }).ALGORITHMS).toEqual(['PS256', 'ES384']);
    expect(faultsOf({ ALGORITHMS: 'ES256 HS256' })).toEqual([expect.stringContaining('HS256')]);
    expect(faultsOf({ ALGORITHMS: 'none' })).toHaveLength(1);
    expect(faultsOf({ ALGORITHMS: ' , ' })).toHaveLength(1);
  });

  it('requires its production settings, and https', () => {
    expect(faultsOf(production)).toEqual([]);
    const missing = faultsOf({ NODE_ENV: 'production' }).map((fault) => fault.split(':')[0]);
    expect(missing).toEqual([
      'AUTH_ISSUER',
      'AUDIENCE',
      'CLIENT_SECRET',
      'BILLING_URL',
      'BILLING_RESOURCE',
    ]);
    expect(faultsOf({ ...production, AUTH_ISSUER: 'http://localhost:3000' })).toHaveLength(1);
    expect(faultsOf({ ...production, ALLOW_INSECURE_HTTP: 'true' })).toHaveLength(1);
    expect(faultsOf({ ...production, BILLING_URL: 'http://billing.example' })).toHaveLength(1);
    expect(faultsOf({ ...production, CLIENT_SECRET: 'changeme' })).toHaveLength(1);
  });

  it.each(['two\nlines', 'tab\tinside', 'pässword', 'nul\0'])(
    'refuses the client secret %j, which no request can carry (RFC 6749 §A.2)',
    (CLIENT_SECRET) => {
      const fault = 'CLIENT_SECRET: must be one line of printable ASCII characters (RFC 6749 §A.2)';
      expect(faultsOf({ CLIENT_SECRET })).toEqual([fault]);
    },
  );

  it('reports the faults of all settings at once', () => {
    const faults = faultsOf({ ...production, PORT: 'x', ALLOW_INSECURE_HTTP: 'true' });
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      'ALLOW_INSECURE_HTTP',
      'PORT',
    ]);
  });

  it('describes each setting', () => {
    expect(describeSettings(ordersSettings)).toContainEqual(
      expect.objectContaining({
        name: 'ALGORITHMS',
        type: 'list, separated by commas',
        default: 'ES256,RS256',
      }),
    );
  });
});
