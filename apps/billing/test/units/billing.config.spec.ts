import { ConfigurationError, describeSettings } from '@gatehouse/service-kit';
import { billingConfig, billingSettings, shouldUseFakePayments } from '../../src/billing.config.js';

const production = {
  NODE_ENV: 'production',
  AUTH_ISSUER: 'https://auth.example',
  AUDIENCE: 'https://billing.example',
};

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    billingConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('configuration of billing', () => {
  it('needs no settings in development', () => {
    expect(billingConfig({})).toMatchObject({
      PORT: 3002,
      AUTH_ISSUER: 'http://localhost:3000',
      AUDIENCE: 'http://localhost:3002',
      ALGORITHMS: ['ES256', 'RS256'],
    });
  });

  it('accepts asymmetric algorithms only', () => {
    expect(billingConfig({ ALGORITHMS: 'PS256 ES384' }).ALGORITHMS).toEqual(['PS256', 'ES384']);
    expect(faultsOf({ ALGORITHMS: 'ES256 HS256' })).toEqual([expect.stringContaining('HS256')]);
    expect(faultsOf({ ALGORITHMS: 'none' })).toHaveLength(1);
    expect(faultsOf({ ALGORITHMS: ' , ' })).toHaveLength(1);
  });

  it('requires its production settings, and https', () => {
    expect(faultsOf(production)).toEqual([]);
    expect(faultsOf({ NODE_ENV: 'production' }).join()).toMatch(/AUTH_ISSUER.*AUDIENCE/s);
    expect(faultsOf({ ...production, AUTH_ISSUER: 'http://localhost:3000' })).toHaveLength(1);
    expect(faultsOf({ ...production, ALLOW_INSECURE_HTTP: 'true' })).toHaveLength(1);
  });

  it('rejects the fake payment provider in production', () => {
    expect(shouldUseFakePayments(billingConfig({}))).toBe(true);
    expect(shouldUseFakePayments(billingConfig({ FAKE_PAYMENTS: 'false' }))).toBe(false);
    expect(shouldUseFakePayments(billingConfig(production))).toBe(false);
    expect(faultsOf({ ...production, FAKE_PAYMENTS: 'true' })).toHaveLength(1);
  });

  it('reports the faults of all settings at once', () => {
    const faults = faultsOf({ ...production, PORT: 'x', ALLOW_INSECURE_HTTP: 'true' });
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      'ALLOW_INSECURE_HTTP',
      'PORT',
    ]);
  });

  it('describes each setting', () => {
    expect(describeSettings(billingSettings)).toContainEqual(
      expect.objectContaining({
        name: 'ALGORITHMS',
        type: 'list, separated by commas',
        default: 'ES256,RS256',
      }),
    );
  });
});
